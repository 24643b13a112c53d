// The rows of the study's tables, and what is looked up in them.

/** The rows of a table of columns as objects that look up their values. */
export function rows(table) {
  const texts = (name, i) => table[name].texts[table[name].places[i]];
  return table.bpp.map((_, i) => ({
    set: texts("image_set", i), image: table.image ? texts("image", i) : "", codec: texts("codec", i),
    quality: texts("quality", i), reason: texts("reason", i),
    get: (name) => (table[name][i] === "inf" ? Infinity : table[name][i] === "-inf" ? -Infinity : table[name][i]),
    has: (name) => table[name] !== undefined,
  }));
}

/** A function that finds the row of a cell; undefined for a cell that isn't there. */
export function finder(list) {
  const key = (...parts) => parts.join("\n");
  const known = new Map(list.map((row) => [key(row.set, row.image, row.codec, row.quality), row]));
  return (set, image, codec, quality) => known.get(key(set, image, codec, quality));
}

/** The quality whose rate is nearest to a number of bpp: the first one if none has a rate. */
export function nearestQuality(qualities, rateOf, bpp) {
  let best = qualities[0], least = Infinity;
  for (const quality of qualities) {
    const rate = rateOf(quality) ?? null;
    if (rate !== null && Math.abs(rate - bpp) < least) [best, least] = [quality, Math.abs(rate - bpp)];
  }
  return best;
}

/** The members of a list by a property, in the order of their first appearance. */
export function grouped(list, property) {
  const found = new Map();
  for (const member of list) found.set(member[property], [...(found.get(member[property]) ?? []), member]);
  return found;
}

/** Numbers by value and before texts, empty cells last either way: for Array.sort. */
export function order(a, b, up) {
  if (a === "" || b === "") return (a === "") - (b === "");
  const [x, y] = [a, b].map((text) => Number(text.replace("inf", "Infinity")));
  const known = [x, y].map((value) => !Number.isNaN(value));
  const less = known[0] && known[1] ? (x === y ? 0 : x - y) : known[0] !== known[1] ? known[1] - known[0] : a.localeCompare(b);
  return up ? less : -less;
}

/** The codecs that are hidden after some were chosen: these hidden, or shown if all of them are hidden. */
export function toggled(off, ids) {
  const others = off.filter((id) => !ids.includes(id));
  return ids.every((id) => off.includes(id)) ? others : [...others, ...ids];
}
