// Numbers as text, and values on the axes of the chart.

/** The labelled ticks of a logarithmic axis of rates. */
export const TICKS = [-3, -2, -1, 0, 1].flatMap((power) => [1, 2, 5].map((first) => Number((first * 10 ** power).toPrecision(1))));

/** A number with so many significant digits, but never fewer than it has before the point. */
export function shown(value, digits = 4) {
  if (value === null || value === undefined) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  return value.toPrecision(Math.max(digits, Math.ceil(Math.log10(Math.abs(value) + 1)))).replace("-", "−");
}

/** All numbers of a row as [name, text]; not its seconds, which other jobs beside slowed. */
export function numbers(row, metrics) {
  const pairs = [["", `${shown(row.get("bpp"))} bpp`]];
  if (row.get("payload_bpp") !== row.get("bpp")) pairs.push(["payload", `${shown(row.get("payload_bpp"))} bpp`]);
  if (row.has("bytes")) pairs.push(["", `${row.get("bytes") ?? "–"} bytes`]);
  if (row.has("n")) pairs.push(["images", row.get("n")]);
  for (const metric of metrics) pairs.push([metric.label, shown(row.get(metric.id), 5)]);
  if (row.get("peak_rss") !== null) pairs.push(["memory", `${Math.round(row.get("peak_rss") / 2 ** 20)} MiB`]);
  return pairs;
}

/** A value as the chart draws it, in decibels or as it is; null where there is no finite one. */
export function scaled(value, decibels) {
  if (value === null || !Number.isFinite(value)) return null;
  if (!decibels) return value;
  return value < 1 ? -10 * Math.log10(1 - value) : null;
}

/** A path beside the page: the folder of its images and the escaped parts. */
export const path = (...parts) => ["files", ...parts].map(encodeURIComponent).join("/");
