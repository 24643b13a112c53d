// The chart of rate-distortion curves, and the table of its points.

import { $, element, fill } from "./dom.js";
import { TICKS, numbers, scaled, shown } from "./format.js";
import { averages } from "./rows.js";
import { bands, front, tagged } from "./statistics.js";
import { cells, change, codecs, data, means, metrics, sets, state, tags } from "./study.js";
import { makeSortable } from "./tables.js";

export const dark = matchMedia("(prefers-color-scheme: dark)");
export const colour = (codec) => (dark.matches ? codec.dark : codec.light);

const inDecibels = () => state.db && metrics.get(state.metric).axes.length > 1;

/** The cells of the images that count: those of the set, or those with the tag. */
function counted() {
  const images = new Set(tagged(sets.get(state.set).images, state.tag).map((image) => image.id));
  return cells.filter((row) => row.set === state.set && images.has(row.image));
}

/** The rows that the chart shows: of one image, or means over the set or over the images with the tag. */
function chosen() {
  if (state.curve) return cells.filter((row) => row.set === state.set && row.image === state.curve);
  return state.tag ? averages(counted()) : means.filter((row) => row.set === state.set);
}

const pointOf = (row) => ({ row, quality: row.quality, rate: row.get(state.rate), value: scaled(row.get(state.metric), inDecibels()) });

/** The points of the chart by codec, in the order of rate. */
function points() {
  const pointsByCodec = new Map();
  for (const row of chosen()) {
    if (!pointsByCodec.has(row.codec)) pointsByCodec.set(row.codec, []);
    pointsByCodec.get(row.codec).push(pointOf(row));
  }
  for (const list of pointsByCodec.values()) list.sort((a, b) => a.rate - b.rate);
  return pointsByCodec;
}

export function drawChart() {
  fillCurveControls();
  const pointsByCodec = points(), style = getComputedStyle(document.documentElement);
  const paint = (name) => style.getPropertyValue(name).trim();
  const { traces, lacking } = ownTraces(pointsByCodec);
  const drawn = [...bandTraces(), ...frontTraces(traces, paint), ...traces, ...publishedTraces(traces, paint)];
  const metric = metrics.get(state.metric);
  const images = tagged(sets.get(state.set).images, state.tag).length;
  const what = state.curve ? `${state.curve} of ${state.set}`
    : `means over ${images} images of ${state.set}${state.tag && ` with the tag ${state.tag}`}`;
  $("chart").setAttribute("aria-label", `${metric.label} against the rate for ${traces.length} codecs: ${what}. The numbers are in the table below.`);
  const notes = lacking ? [`${lacking} points have no value here or an infinite one; the tables tell why.`] : [];
  if (state.published && data.published.length && (state.curve || state.tag)) notes.push("Published curves are means over all images of the set, so none is shown here.");
  $("chart-note").textContent = notes.join(" ");
  if (typeof Plotly !== "undefined") plot(drawn, layout(style, paint));
  if ($("points").open) fillPoints(pointsByCodec);
}

/** The study's curves, and how many points are not drawn. */
function ownTraces(pointsByCodec) {
  let lacking = 0;
  const traces = [];
  for (const codec of data.codecs) {
    if (state.off.includes(codec.id)) continue;
    const list = pointsByCodec.get(codec.id) ?? [];
    const drawn = list.filter((point) => point.rate !== null && point.value !== null);
    lacking += list.length - drawn.length;
    if (!drawn.length) continue;
    traces.push({
      type: "scatter", mode: "lines+markers", name: codec.label, meta: codec.id,
      x: drawn.map((point) => point.rate), y: drawn.map((point) => point.value),
      customdata: drawn.map((point) => point.row.quality),
      text: drawn.map((point) => hover(codec, point.row)), hovertemplate: "%{text}<extra></extra>",
      line: { color: colour(codec), width: 2, dash: codec.dash }, marker: { symbol: codec.symbol, size: 8, color: colour(codec) },
    });
  }
  return { traces, lacking };
}

/** Between the tenth and the ninetieth percentile over the images, and their median, of every codec. */
function bandTraces() {
  if (state.curve || !state.band) return [];
  const pointsByCodec = new Map(), base = { type: "scatter", mode: "lines", hoverinfo: "skip" };
  for (const row of counted()) {
    if (state.off.includes(row.codec)) continue;
    if (!pointsByCodec.has(row.codec)) pointsByCodec.set(row.codec, []);
    pointsByCodec.get(row.codec).push(pointOf(row));
  }
  return [...pointsByCodec].flatMap(([id, list]) => {
    const steps = bands(list), x = steps.map((step) => step.rate), codec = codecs.get(id), paint = colour(codec);
    const line = (name) => ({ ...base, x, y: steps.map((step) => step[name]), name: `${codec.label}: ${name}` });
    return steps.length < 2 ? [] : [
      { ...line("low"), line: { width: 0, color: paint } },
      { ...line("high"), line: { width: 0, color: paint }, fill: "tonexty", fillcolor: `${paint}2e` },
      { ...line("middle"), line: { width: 1, color: paint, dash: "dot" } },
    ];
  });
}

/** The points of all codecs together that no other point beats: a broad line under the curves. */
function frontTraces(traces, paint) {
  if (!state.front) return [];
  const all = traces.flatMap((trace) => trace.x.map((rate, i) => ({ rate, value: trace.y[i] })));
  const best = front(all, metrics.get(state.metric).higher_is_better);
  return [{
    type: "scatter", mode: "lines", name: "Pareto front", hoverinfo: "skip", x: best.map(({ rate }) => rate), y: best.map(({ value }) => value),
    line: { color: paint("--accent"), width: 9, shape: "hv" }, opacity: 0.3,
  }];
}

/** Published curves, as far as they are near the study's rates: points beyond would squeeze these. */
function publishedTraces(traces, paint) {
  if (state.curve !== "" || state.tag || !state.published) return [];
  const reach = 1.1 * Math.max(...traces.flatMap((trace) => trace.x));
  return data.published.filter((curve) => curve.metric === state.metric).map((curve) => {
    const drawn = curve.points.filter(([rate]) => !traces.length || rate <= reach)
      .map(([rate, value, quality]) => [rate, scaled(value, inDecibels()), quality]);
    return {
      type: "scatter", mode: "lines", name: curve.label, x: drawn.map((point) => point[0]), y: drawn.map((point) => point[1]),
      text: drawn.map((point) => `${curve.label}<br>published: ${curve.source}<br>quality ${point[2]}: ${shown(point[0])} bpp, ${shown(point[1], 5)}`),
      hovertemplate: "%{text}<extra></extra>",
      line: { color: codecs.has(curve.codec) ? colour(codecs.get(curve.codec)) : paint("--soft"), width: 1.5, dash: "dash" },
    };
  });
}

function layout(style, paint) {
  const axis = { gridcolor: paint("--grid"), linecolor: paint("--rule"), zeroline: false, showline: true, mirror: true };
  const rate = { ...axis, title: { text: state.rate === "bpp" ? "bits per pixel" : "bits per pixel of the payload", standoff: 6 }, type: state.log ? "log" : "linear" };
  if (data.defaults.max_bpp && !state.log) rate.range = [0, data.defaults.max_bpp];
  else if (!state.log) rate.rangemode = "tozero";
  if (state.log) Object.assign(rate, { tickvals: TICKS, ticktext: TICKS.map(String) });
  return {
    showlegend: false, hovermode: "closest", paper_bgcolor: paint("--ground"), plot_bgcolor: paint("--ground"), uirevision: [state.metric, state.rate, state.log, state.db].join(),
    font: { family: style.fontFamily, size: 13, color: paint("--text") }, margin: { l: 62, r: 15, t: 30, b: 55 },
    hoverlabel: { bgcolor: paint("--raised"), bordercolor: paint("--rule"), font: { color: paint("--text"), size: 12 }, align: "left" },
    xaxis: rate, yaxis: { ...axis, title: { text: metrics.get(state.metric).axes[Number(inDecibels())] } },
  };
}

function plot(traces, drawn) {
  Plotly.react("chart", traces, drawn, {
    responsive: true, displaylogo: false, plotlyServerURL: "", modeBarButtonsToRemove: ["sendChartToCloud", "select2d", "lasso2d"],
  });
  for (const svg of document.querySelectorAll("#chart svg, #js-plotly-tester")) svg.setAttribute("aria-hidden", "true");
  if ($("chart").dataset.listens) return;
  $("chart").dataset.listens = "1";
  $("chart").on("plotly_click", (event) => {
    const point = event.points[0];
    if (point.data.meta) choose(point.data.meta, point.customdata);
  });
}

function hover(codec, row) {
  const lines = numbers(row, data.metrics).map(([name, text]) => `${name} ${text}`.trim());
  return `<b>${codec.label}</b>, quality ${row.quality}<br>${lines.join("<br>")}`;
}

/** A point of the chart was chosen: the active pane shows it. */
function choose(codec, quality) {
  const panes = state.panes.map((pane, i) => (i === state.active ? [codec, quality] : pane));
  change({ panes, matched: false, image: state.curve || state.image });
  $("image-note").textContent = `Image ${state.active + 1} shows ${codecs.get(codec).label} at quality ${quality}.`;
  $("images").scrollIntoView({ block: "start" });
}

function fillCurveControls() {
  const options = [];
  for (const set of data.sets) {
    const name = data.sets.length > 1 ? `${set.id}: ` : "";
    const images = tagged(set.images, state.tag);
    if (images.length) options.push([JSON.stringify([set.id, ""]), `${name}mean of ${images.length}`]);
    for (const image of images) options.push([JSON.stringify([set.id, image.id]), `${name}${image.id}`]);
  }
  fill($("curve"), options, JSON.stringify([state.set, state.curve]));
  fill($("metric"), data.metrics.map((metric) => [metric.id, metric.label]), state.metric);
  $("rate").value = state.rate;
  fill($("tag"), [["", "all images"], ...tags.map((tag) => [tag, tag])], state.tag);
  $("tag-label").hidden = !tags.length;
  for (const name of ["log", "db", "published", "band", "front"]) $(name).checked = state[name];
  $("band").disabled = state.curve !== "";
  $("db").disabled = metrics.get(state.metric).axes.length < 2;
  for (const box of $("codecs").querySelectorAll("input")) box.checked = !state.off.includes(box.value);
}

export function fillPoints(pointsByCodec = points()) {
  const table = element("table", { className: "sortable" }), head = table.createTHead().insertRow();
  for (const name of ["Codec", "Quality", "bpp", ...data.metrics.map((metric) => metric.label), "Image"]) {
    head.append(element("th", { scope: "col", textContent: name }));
  }
  const body = table.createTBody();
  for (const [id, list] of pointsByCodec) {
    if (state.off.includes(id)) continue;
    for (const { row } of list) {
      const line = body.insertRow();
      for (const value of [codecs.get(id).label, row.quality, row.get("bpp"), ...data.metrics.map((metric) => row.get(metric.id))]) {
        const cell = line.insertCell();
        cell.textContent = typeof value === "string" ? value : shown(value, 5);
        cell.dataset.value = value ?? "";
      }
      const button = element("button", { type: "button", textContent: "Show", ariaLabel: `Show ${codecs.get(id).label} at quality ${row.quality}` });
      button.addEventListener("click", () => choose(id, row.quality));
      line.insertCell().append(button);
    }
  }
  $("points").querySelector("div").replaceChildren(element("div", { className: "scroll" }, table));
  makeSortable(table);
}
