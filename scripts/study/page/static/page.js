"use strict";
// The page's own script: what is chosen is kept in `state` and in the address; every change redraws from it.

const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const codecs = new Map(data.codecs.map((codec) => [codec.id, codec]));
const sets = new Map(data.sets.map((set) => [set.id, set]));
const metrics = new Map(data.metrics.map((metric) => [metric.id, metric]));
const ERRORS = ["absolute", "signed"];
const dark = matchMedia("(prefers-color-scheme: dark)");

// ---------------------------------------------------------------- tables of numbers

/** The rows of a table of columns as objects that look up their values. */
function rows(table) {
  const texts = (name, i) => table[name].texts[table[name].places[i]];
  return table.bpp.map((_, i) => ({
    set: texts("image_set", i), image: table.image ? texts("image", i) : "", codec: texts("codec", i),
    quality: texts("quality", i), reason: texts("reason", i),
    get: (name) => (table[name][i] === "inf" ? Infinity : table[name][i] === "-inf" ? -Infinity : table[name][i]),
    has: (name) => table[name] !== undefined,
  }));
}

const cells = rows(data.rd);
const means = rows(data.means);
const byCell = new Map(cells.map((row) => [[row.set, row.image, row.codec, row.quality].join("\n"), row]));
const find = (set, image, codec, quality) => byCell.get([set, image, codec, quality].join("\n"));

function shown(value, digits = 4) {
  if (value === null || value === undefined) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  return value.toPrecision(Math.max(digits, Math.ceil(Math.log10(Math.abs(value) + 1)))).replace("-", "−");
}

/** All numbers of a row as [name, text]. */
function numbers(row) {
  const found = [["", `${shown(row.get("bpp"))} bpp`]];
  if (row.get("payload_bpp") !== row.get("bpp")) found.push(["payload", `${shown(row.get("payload_bpp"))} bpp`]);
  if (row.has("bytes")) found.push(["", `${row.get("bytes") ?? "–"} bytes`]);
  if (row.has("n")) found.push(["pictures", row.get("n")]);
  for (const metric of data.metrics) found.push([metric.label, shown(row.get(metric.id), 5)]);
  found.push(["encode", `${shown(row.get("encode_s"), 3)} s`], ["decode", `${shown(row.get("decode_s"), 3)} s`]);
  if (row.get("peak_rss") !== null) found.push(["memory", `${Math.round(row.get("peak_rss") / 2 ** 20)} MiB`]);
  return found;
}

// ---------------------------------------------------------------- state and address

const firstSet = data.sets[0];
const DEFAULTS = {
  set: firstSet.id, curve: "", metric: data.metrics[0].id, rate: "bpp", log: data.defaults.log, db: data.defaults.db,
  off: [], published: true, image: firstSet.images[0].id, panes: startingPanes(), active: 0,
  mode: "decoded", reference: 0, gain: 8, swipe: 50, blink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
  matched: false, match: 0.5, zoom: 0, x: 0.5, y: 0.5,
};
const state = { ...DEFAULTS };

function startingPanes() {
  const working = data.codecs.filter((codec) => cells.some((row) => row.codec === codec.id && row.get("bpp") !== null));
  const places = [...new Set([0, Math.floor(working.length / 2), working.length - 1])].filter((i) => working[i]);
  const image = firstSet.images[0].id;
  return places.map((i) => [working[i].id, nearest(firstSet.id, image, working[i].id, 0.5)]);
}

/** The quality of a codec whose rate on a picture is nearest to a number of bpp. */
function nearest(set, image, codec, bpp) {
  let best = codecs.get(codec).qualities[0], least = Infinity;
  for (const quality of codecs.get(codec).qualities) {
    const rate = find(set, image, codec, quality)?.get("bpp") ?? null;
    if (rate !== null && Math.abs(rate - bpp) < least) [best, least] = [quality, Math.abs(rate - bpp)];
  }
  return best;
}

function readAddress() {
  Object.assign(state, DEFAULTS);
  const hash = location.hash.slice(1);
  if (!hash.includes("=")) return;
  const given = new URLSearchParams(hash);
  for (const [name, kind] of Object.entries(DEFAULTS)) {
    if (!given.has(name)) continue;
    const text = given.get(name);
    if (name === "panes") {
      const panes = text.split("~").map((pane) => pane.split("@")).filter(([codec]) => codecs.has(codec));
      if (panes.length) state.panes = panes.slice(0, 3);
    } else if (name === "off") state.off = text.split("~").filter((codec) => codecs.has(codec));
    else if (typeof kind === "boolean") state[name] = text === "1";
    else if (typeof kind === "number") state[name] = Number.isFinite(Number(text)) ? Number(text) : kind;
    else state[name] = text;
  }
  repairState();
}

/** What an address may have said and this study has not becomes the default. */
function repairState() {
  if (!sets.has(state.set)) state.set = DEFAULTS.set;
  const names = sets.get(state.set).images.map((image) => image.id);
  if (!names.includes(state.image)) state.image = names[0];
  if (state.curve && !names.includes(state.curve)) state.curve = "";
  if (!metrics.has(state.metric)) state.metric = DEFAULTS.metric;
  if (!["bpp", "payload_bpp"].includes(state.rate)) state.rate = "bpp";
  if (![...$("mode").options].some((option) => option.value === state.mode)) state.mode = "decoded";
  state.panes = state.panes.map(([codec, quality]) =>
    [codec, codecs.get(codec).qualities.includes(quality) ? quality : codecs.get(codec).qualities[0]]);
  state.active = Math.min(Math.max(0, state.active), state.panes.length - 1);
  if (!(state.reference >= 0 && state.reference <= state.panes.length)) state.reference = 0;
}

function writeAddress() {
  const kept = new URLSearchParams();
  for (const [name, initial] of Object.entries(DEFAULTS)) {
    let value = state[name], usual = initial;
    if (name === "panes") [value, usual] = [value, usual].map((panes) => panes.map((pane) => pane.join("@")).join("~"));
    else if (name === "off") [value, usual] = [value.join("~"), ""];
    else if (typeof value === "boolean") [value, usual] = [Number(value), Number(usual)];
    else if (typeof value === "number") value = Number(value.toPrecision(6));
    if (value !== usual) kept.set(name, value);
  }
  const text = kept.toString();
  if (text || location.hash.includes("=")) history.replaceState(null, "", text ? `#${text}` : "#");
}

let waiting;
function change(values, draw = [drawChart, drawPictures]) {
  Object.assign(state, values);
  repairState();
  for (const one of draw) one();
  clearTimeout(waiting);
  waiting = setTimeout(writeAddress, 100);
}

// ---------------------------------------------------------------- curves

const MARKERS = {
  circle: "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z", square: "M-4-4H4V4H-4z", "triangle-up": "M0-5 5 4H-5z",
  "triangle-down": "M0 5 5-4H-5z", "triangle-left": "M-5 0 4-5V5z", "triangle-right": "M5 0-4-5V5z",
  diamond: "M0-5 5 0 0 5-5 0z", "diamond-tall": "M0-6 3.5 0 0 6-3.5 0z", cross: "M-1.7-5h3.4v3.3H5v3.4H1.7V5h-3.4V1.7H-5v-3.4h3.3z",
  x: "M-5-3-3-5 0-2 3-5 5-3 2 0 5 3 3 5 0 2-3 5-5 3-2 0z",
};
const TICKS = [-3, -2, -1, 0, 1].flatMap((power) => [1, 2, 5].map((first) => Number((first * 10 ** power).toPrecision(1))));
const colour = (codec) => (dark.matches ? codec.dark : codec.light);

function drawing(codec) {
  const open = codec.symbol.endsWith("-open"), paint = colour(codec);
  return `<svg width="34" height="14" viewBox="-17 -7 34 14" aria-hidden="true"><path d="M-17 0H17" stroke="${paint}" stroke-width="2"
    stroke-dasharray="${codec.dash === "solid" ? "none" : codec.dash.replaceAll("px", "")}"/><path d="${MARKERS[codec.symbol.replace("-open", "")]}"
    fill="${open ? "var(--ground)" : paint}" stroke="${paint}" stroke-width="1.5"/></svg>`;
}

function scaled(value, metric) {
  if (value === null || !Number.isFinite(value)) return null;
  return state.db && metric.axes.length > 1 ? (value < 1 ? -10 * Math.log10(1 - value) : null) : value;
}

/** The points of the chart by codec, in the order of rate. */
function points() {
  const table = state.curve ? cells : means;
  const found = new Map();
  for (const row of table) {
    if (row.set !== state.set || row.image !== state.curve) continue;
    const value = scaled(row.get(state.metric), metrics.get(state.metric));
    if (!found.has(row.codec)) found.set(row.codec, []);
    found.get(row.codec).push({ row, rate: row.get(state.rate), value });
  }
  for (const list of found.values()) list.sort((a, b) => a.rate - b.rate);
  return found;
}

function drawChart() {
  fillCurveControls();
  const metric = metrics.get(state.metric), found = points(), style = getComputedStyle(document.documentElement);
  const paint = (name) => style.getPropertyValue(name).trim();
  let lacking = 0;
  const traces = [];
  for (const codec of data.codecs) {
    if (state.off.includes(codec.id)) continue;
    const list = found.get(codec.id) ?? [];
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
  const published = state.curve === "" && state.published ? data.published.filter((curve) => curve.metric === state.metric) : [];
  const reach = 1.1 * Math.max(...traces.flatMap((trace) => trace.x)); // published points beyond it would squeeze the study's
  for (const curve of published) {
    const drawn = curve.points.filter(([rate]) => !traces.length || rate <= reach)
      .map(([rate, value, quality]) => [rate, scaled(value, metric), quality]);
    traces.push({
      type: "scatter", mode: "lines", name: curve.label, x: drawn.map((point) => point[0]), y: drawn.map((point) => point[1]),
      text: drawn.map((point) => `${curve.label}<br>published: ${curve.source}<br>quality ${point[2]}: ${shown(point[0])} bpp, ${shown(point[1], 5)}`),
      hovertemplate: "%{text}<extra></extra>",
      line: { color: codecs.has(curve.codec) ? colour(codecs.get(curve.codec)) : paint("--soft"), width: 1.5, dash: "dash" },
    });
  }
  const axis = { gridcolor: paint("--grid"), linecolor: paint("--rule"), zeroline: false, showline: true, mirror: true };
  const rate = { ...axis, title: { text: state.rate === "bpp" ? "bits per pixel" : "bits per pixel of the payload", standoff: 6 }, type: state.log ? "log" : "linear" };
  if (data.defaults.max_bpp && !state.log) rate.range = [0, data.defaults.max_bpp];
  else if (!state.log) rate.rangemode = "tozero";
  if (state.log) Object.assign(rate, { tickvals: TICKS, ticktext: TICKS.map(String) });
  const layout = {
    showlegend: false, hovermode: "closest", paper_bgcolor: paint("--ground"), plot_bgcolor: paint("--ground"), uirevision: [state.metric, state.rate, state.log, state.db].join(),
    font: { family: style.fontFamily, size: 13, color: paint("--text") }, margin: { l: 62, r: 15, t: 30, b: 55 },
    hoverlabel: { bgcolor: paint("--raised"), bordercolor: paint("--rule"), font: { color: paint("--text"), size: 12 }, align: "left" },
    xaxis: rate, yaxis: { ...axis, title: { text: metric.axes[state.db && metric.axes.length > 1 ? 1 : 0] } },
  };
  const what = state.curve ? `${state.curve} of ${state.set}` : `means over ${sets.get(state.set).images.length} pictures of ${state.set}`;
  $("chart").setAttribute("aria-label", `${metric.label} against the rate for ${traces.length} curves: ${what}. The numbers are in the table below.`);
  $("chart-note").textContent = lacking ? `${lacking} points have no value here or an infinite one; the tables tell why.` : "";
  if (typeof Plotly !== "undefined") {
    Plotly.react("chart", traces, layout, {
      responsive: true, displaylogo: false, plotlyServerURL: "", modeBarButtonsToRemove: ["sendChartToCloud", "select2d", "lasso2d"],
    });
    for (const drawn of document.querySelectorAll("#chart svg, #js-plotly-tester")) drawn.setAttribute("aria-hidden", "true");
    if (!$("chart").dataset.listens) {
      $("chart").dataset.listens = "1";
      $("chart").on("plotly_click", (event) => {
        const point = event.points[0];
        if (point.data.meta) choose(point.data.meta, point.customdata);
      });
    }
  }
  if ($("points").open) fillPoints(found);
}

function hover(codec, row) {
  const lines = numbers(row).map(([name, text]) => `${name} ${text}`.trim());
  return `<b>${codec.label}</b>, quality ${row.quality}<br>${lines.join("<br>")}`;
}

/** A point of the chart was chosen: the active pane shows it. */
function choose(codec, quality) {
  const panes = state.panes.map((pane, i) => (i === state.active ? [codec, quality] : pane));
  change({ panes, matched: false, image: state.curve || state.image });
  $("picture-note").textContent = `Picture ${state.active + 1} shows ${codecs.get(codec).label} at quality ${quality}.`;
  $("pictures").scrollIntoView({ block: "start" });
}

function fillCurveControls() {
  const options = [];
  for (const set of data.sets) {
    const name = data.sets.length > 1 ? `${set.id}: ` : "";
    options.push([JSON.stringify([set.id, ""]), `${name}mean of ${set.images.length}`]);
    for (const image of set.images) options.push([JSON.stringify([set.id, image.id]), `${name}${image.id}`]);
  }
  fill($("curve"), options, JSON.stringify([state.set, state.curve]));
  fill($("metric"), data.metrics.map((metric) => [metric.id, metric.label]), state.metric);
  $("rate").value = state.rate;
  for (const name of ["log", "db", "published"]) $(name).checked = state[name];
  $("db").disabled = metrics.get(state.metric).axes.length < 2;
  for (const box of $("codecs").querySelectorAll("input")) box.checked = !state.off.includes(box.value);
}

function fill(select, options, value) {
  const key = JSON.stringify(options);
  if (select.dataset.key !== key) {
    select.replaceChildren(...options.map(([id, text]) => new Option(text, id)));
    select.dataset.key = key;
  }
  select.value = value;
}

function drawLegend() {
  const families = Map.groupBy ? Map.groupBy(data.codecs, (codec) => codec.family) : grouped(data.codecs);
  $("codecs").replaceChildren(...[...families].map(([family, members]) => {
    const set = document.createElement("fieldset"), legend = document.createElement("legend"), all = document.createElement("button");
    all.type = "button";
    all.textContent = family;
    all.title = `Show or hide the family ${family}`;
    all.addEventListener("click", () => toggle(members.map((codec) => codec.id)));
    legend.append(all);
    set.append(legend, ...members.map((codec) => {
      const label = document.createElement("label"), box = document.createElement("input");
      label.className = "tick";
      Object.assign(box, { type: "checkbox", value: codec.id, checked: !state.off.includes(codec.id) });
      box.addEventListener("change", () => toggle([codec.id]));
      label.append(box, " ");
      label.insertAdjacentHTML("beforeend", drawing(codec));
      label.append(codec.label);
      return label;
    }));
    return set;
  }));
}

function grouped(list) {
  const found = new Map();
  for (const codec of list) found.set(codec.family, [...(found.get(codec.family) ?? []), codec]);
  return found;
}

/** Hide these codecs, or show them if all are hidden. */
function toggle(ids) {
  const hidden = ids.every((id) => state.off.includes(id));
  const off = state.off.filter((id) => !ids.includes(id));
  change({ off: hidden ? off : [...off, ...ids] }, [drawChart]);
}

function fillPoints(found = points()) {
  const table = document.createElement("table"), head = table.createTHead().insertRow();
  table.className = "sortable";
  for (const name of ["Codec", "Quality", "bpp", ...data.metrics.map((metric) => metric.label), "Picture"]) {
    const th = document.createElement("th");
    th.scope = "col";
    th.textContent = name;
    head.append(th);
  }
  const body = table.createTBody();
  for (const [id, list] of found) {
    if (state.off.includes(id)) continue;
    for (const { row } of list) {
      const line = body.insertRow();
      for (const value of [codecs.get(id).label, row.quality, row.get("bpp"), ...data.metrics.map((metric) => row.get(metric.id))]) {
        const cell = line.insertCell();
        cell.textContent = typeof value === "string" ? value : shown(value, 5);
        cell.dataset.value = value ?? "";
      }
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Show";
      button.setAttribute("aria-label", `Show ${codecs.get(id).label} at quality ${row.quality}`);
      button.addEventListener("click", () => choose(id, row.quality));
      line.insertCell().append(button);
    }
  }
  const region = document.createElement("div");
  region.className = "scroll";
  region.append(table);
  $("points").querySelector("div").replaceChildren(region);
  makeSortable(table);
}

// ---------------------------------------------------------------- pictures

const path = (...parts) => ["pictures", ...parts].map(encodeURIComponent).join("/");
const picture = () => sets.get(state.set).images.find((image) => image.id === state.image);
const originalFile = () => path("original", state.set, `${state.image}.png`);
const decodedFile = ([codec, quality]) => path("decoded", state.set, codec, quality, `${state.image}.png`);
const panes = [];

function makePanes() {
  for (let i = 0; i < 4; i++) {
    const node = $("pane").content.cloneNode(true).firstElementChild, part = (name) => node.querySelector(name);
    const pane = { node, title: part("h3"), choose: part(".choose"), codec: part(".codec"), quality: part(".quality"), view: part(".view"),
      under: part(".under img"), over: part(".over img"), numbers: part(".numbers"), files: part(".links"), commands: part(".commands") };
    const set = (values) => change({ active: i - 1, panes: state.panes.map((old, k) => (k === i - 1 ? values(old) : old)) }, [drawPictures]);
    pane.codec.addEventListener("change", () => set(() => [pane.codec.value, nearest(state.set, state.image, pane.codec.value, rateOf(i - 1))]));
    pane.quality.addEventListener("change", () => set(([codec]) => [codec, pane.quality.value]));
    if (i) node.addEventListener("focusin", () => { state.active = i - 1; });
    node.classList.toggle("pair", i > 0);
    listenToView(pane.view);
    panes.push(pane);
    $("viewer").append(node);
  }
}

/** The rate of a pane's picture, or the one to match. */
function rateOf(i) {
  return state.matched ? state.match : find(state.set, state.image, ...state.panes[i])?.get("bpp") ?? 0.5;
}

function drawPictures() {
  const image = picture();
  if (state.matched) state.panes = state.panes.map(([codec]) => [codec, nearest(state.set, state.image, codec, state.match)]);
  fillPictureControls();
  $("viewer").style.setProperty("--aspect", `${image.width} / ${image.height}`);
  $("viewer").dataset.mode = state.mode;
  $("viewer").classList.toggle("error", ERRORS.includes(state.mode));
  const reference = state.reference ? decodedFile(state.panes[state.reference - 1]) : originalFile();
  panes.forEach((pane, i) => (i ? drawDecoded(pane, state.panes[i - 1], reference) : drawOriginal(pane, image)));
  place();
}

function drawOriginal(pane, image) {
  pane.title.textContent = "Original";
  pane.choose.textContent = `${image.width}×${image.height}`;
  source(pane.over, originalFile(), `${state.image}, the original`);
  source(pane.under, null, "");
  pane.view.setAttribute("aria-label", "Original. Plus and minus zoom, arrow keys move all pictures.");
  pane.numbers.textContent = image.credit;
  pane.files.replaceChildren(link(originalFile(), "PNG"));
  pane.commands.hidden = true;
}

function drawDecoded(pane, chosen, reference) {
  pane.node.hidden = !chosen;
  if (!chosen) {
    for (const img of [pane.over, pane.under]) source(img, null, "");
    return;
  }
  const codec = codecs.get(chosen[0]), row = find(state.set, state.image, ...chosen);
  const there = Boolean(row) && row.get("decode_s") !== null;
  pane.title.textContent = `${panes.indexOf(pane)}: ${codec.label}`;
  fill(pane.codec, data.codecs.map((one) => [one.id, one.label]), chosen[0]);
  fill(pane.quality, codec.qualities.map((quality) => [quality, quality]), chosen[1]);
  pane.quality.title = codec.parameter;
  pane.quality.disabled = state.matched;
  source(pane.over, there ? decodedFile(chosen) : null, `${state.image} decoded from ${codec.label} at quality ${chosen[1]}`);
  source(pane.under, there && state.mode !== "decoded" ? reference : null, "what it is compared with");
  pane.view.setAttribute("aria-label", `${codec.label} at quality ${chosen[1]}. Plus and minus zoom, arrow keys move all pictures.`);
  pane.view.querySelector(".empty")?.remove();
  if (!there) pane.view.append(Object.assign(document.createElement("p"), { className: "empty", textContent: row?.reason || "no value" }));
  pane.numbers.replaceChildren(...(row ? numbers(row) : []).map(([name, text]) =>
    Object.assign(document.createElement("span"), { textContent: `${name} ${text}`.trim() })));
  pane.files.replaceChildren(...(there ? [link(decodedFile(chosen), "PNG"), " · ",
    link(path("bitstreams", state.set, ...chosen, `${state.image}${codec.suffix}`), `bitstream (${codec.suffix})`)] : []));
  pane.commands.hidden = false;
  pane.commands.querySelector("pre").textContent = codec.commands[chosen[1]].join("\n\n").replaceAll("{set}", picture().part);
}

function link(href, text) {
  return Object.assign(document.createElement("a"), { href, textContent: text });
}

function source(img, file, alt) {
  if (file === null) img.removeAttribute("src");
  else if (img.getAttribute("src") !== file) img.src = file;
  img.alt = alt;
}

function fillPictureControls() {
  const options = data.sets.flatMap((set) => set.images.map((image) =>
    [JSON.stringify([set.id, image.id]), (data.sets.length > 1 ? `${set.id}: ` : "") + image.id]));
  fill($("image"), options, JSON.stringify([state.set, state.image]));
  fill($("reference"), [["0", "the original"], ...state.panes.map((_, i) => [String(i + 1), `picture ${i + 1}`])], String(state.reference));
  $("count").value = String(state.panes.length);
  for (const name of ["mode", "swipe", "match"]) $(name).value = state[name];
  $("gain").value = String(state.gain);
  for (const name of ["matched", "blink"]) $(name).checked = state[name];
  $("match").disabled = !state.matched;
  $("reference").parentElement.hidden = state.mode === "decoded";
  $("gain-label").hidden = !ERRORS.includes(state.mode);
  $("swipe-label").hidden = state.mode !== "swipe";
  for (const name of ["blink-label", "blink-once"]) $(name).hidden = state.mode !== "flicker";
}

/** Put all pictures at the same place and size: one set of numbers for all of them. */
function place() {
  const image = picture(), view = panes[0].view, [width, height] = [view.clientWidth, view.clientHeight];
  if (!width) return;
  const fit = Math.min(width / image.width, height / image.height), zoom = state.zoom || fit;
  const start = (centre, size, room) => Math.round(size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, room / 2 - centre * size)));
  const values = {
    "--left": start(state.x, zoom * image.width, width), "--top": start(state.y, zoom * image.height, height),
    "--width": zoom * image.width, "--height": zoom * image.height,
  };
  const style = $("viewer").style;
  for (const [name, value] of Object.entries(values)) style.setProperty(name, `${value}px`);
  style.setProperty("--swipe", `${state.swipe}%`);
  $("viewer").classList.toggle("pixelated", zoom * devicePixelRatio >= 1);
  $("viewer").classList.toggle("zoomed", state.zoom > fit);
  $("zoom").textContent = `${Math.round(100 * zoom)} %`;
  for (const offset of document.querySelectorAll("feOffset")) offset.setAttribute("dx", -width);
  for (const part of $("absolute-error").querySelectorAll("[type=linear]")) part.setAttribute("slope", state.gain);
  const sum = $("signed-error").querySelector("feComposite");
  for (const [name, value] of [["k2", state.gain], ["k3", state.gain], ["k4", 0.5 - state.gain]]) sum.setAttribute(name, value);
}

/** Zoom to a scale, with a point of the view (in pixels from its corner; its centre by default) kept where it is. */
function zoomTo(zoom, at) {
  const image = picture(), view = panes[0].view, [width, height] = [view.clientWidth, view.clientHeight];
  const fit = Math.min(width / image.width, height / image.height);
  const now = state.zoom || fit, least = Math.min(fit, 1 / devicePixelRatio);
  const next = zoom ? Math.min(64, Math.max(least, zoom)) : fit;
  const [left, top] = ["--left", "--top"].map((name) => parseFloat($("viewer").style.getPropertyValue(name)));
  const [px, py] = at ?? [width / 2, height / 2];
  const x = ((px - left) / now + (width / 2 - px) / next) / image.width, y = ((py - top) / now + (height / 2 - py) / next) / image.height;
  change({ zoom: zoom && Math.abs(next / fit - 1) > 1e-3 ? next : 0, ...within(x, y, next) }, [place]);
}

/** The nearest centre at which the picture fills the view. */
function within(x, y, zoom) {
  const image = picture(), view = panes[0].view;
  const inside = (value, size, room) => (size <= room ? 0.5 : Math.min(1 - room / 2 / size, Math.max(room / 2 / size, value)));
  return { x: inside(x, zoom * image.width, view.clientWidth), y: inside(y, zoom * image.height, view.clientHeight) };
}

function move(dx, dy) {
  const image = picture(), view = panes[0].view;
  const zoom = state.zoom || Math.min(view.clientWidth / image.width, view.clientHeight / image.height);
  change(within(state.x - dx / zoom / image.width, state.y - dy / zoom / image.height, zoom), [place]);
}

function currentZoom() {
  return parseFloat($("viewer").style.getPropertyValue("--width")) / picture().width;
}

function listenToView(view) {
  const touches = new Map();
  view.addEventListener("pointerdown", (event) => { touches.set(event.pointerId, event); view.setPointerCapture(event.pointerId); });
  for (const name of ["pointerup", "pointercancel"]) view.addEventListener(name, (event) => touches.delete(event.pointerId));
  view.addEventListener("pointermove", (event) => {
    const before = touches.get(event.pointerId);
    if (!before) return;
    const other = [...touches.values()].find((touch) => touch.pointerId !== event.pointerId);
    touches.set(event.pointerId, event);
    if (other) {
      const distance = (touch) => Math.hypot(touch.clientX - other.clientX, touch.clientY - other.clientY);
      const corner = view.getBoundingClientRect();
      zoomTo((currentZoom() * distance(event)) / Math.max(1, distance(before)), [other.clientX - corner.left, other.clientY - corner.top]);
    } else move(event.clientX - before.clientX, event.clientY - before.clientY);
  });
  view.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && document.activeElement !== view) return;
    event.preventDefault();
    const corner = view.getBoundingClientRect();
    zoomTo(currentZoom() * 2 ** (-event.deltaY / 250), [event.clientX - corner.left, event.clientY - corner.top]);
  }, { passive: false });
  view.addEventListener("keydown", (event) => {
    const step = 40, keys = {
      "+": () => zoomTo(currentZoom() * 1.5), "=": () => zoomTo(currentZoom() * 1.5), "-": () => zoomTo(currentZoom() / 1.5),
      0: () => zoomTo(0), 1: () => zoomTo(1 / devicePixelRatio), s: swap,
      ArrowLeft: () => move(step, 0), ArrowRight: () => move(-step, 0), ArrowUp: () => move(0, step), ArrowDown: () => move(0, -step),
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
}

function swap() {
  const style = $("viewer").style;
  style.setProperty("--over", style.getPropertyValue("--over") === "hidden" ? "visible" : "hidden");
}

// ---------------------------------------------------------------- tables

function makeSortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => row.cells[place].dataset.value ?? row.cells[place].textContent.trim();
      const lines = [...table.tBodies[0].rows].map((row) => [key(row), row]);
      lines.sort(([a], [b]) => order(a, b, up));
      table.tBodies[0].append(...lines.map(([, row]) => row));
    });
  });
}

/** Numbers by value and before texts, empty cells last either way. */
function order(a, b, up) {
  if (a === "" || b === "") return (a === "") - (b === "");
  const [x, y] = [a, b].map((text) => Number(text.replace("inf", "Infinity")));
  const known = [x, y].map((value) => !Number.isNaN(value));
  const less = known[0] && known[1] ? (x === y ? 0 : x - y) : known[0] !== known[1] ? known[1] - known[0] : a.localeCompare(b);
  return up ? less : -less;
}

/** Of tables that differ by some choices, show the one that is chosen. */
function makeChooser(box) {
  const tables = [...box.querySelectorAll("[data-choice]")].map((node) => [node, JSON.parse(node.dataset.choice)]);
  if (tables.length < 2) return;
  const bar = document.createElement("form"), selects = [];
  bar.className = "controls";
  for (const name of Object.keys(tables[0][1])) {
    const values = [...new Set(tables.map(([, choice]) => choice[name]))];
    if (values.length < 2) continue;
    const label = document.createElement("label"), select = document.createElement("select");
    fill(select, values.map((value) => [value, value]), values[0]);
    label.append(`${name} `, select);
    bar.append(label);
    selects.push([name, select]);
    select.addEventListener("change", update);
  }
  function update() {
    for (const [node, choice] of tables) node.hidden = !selects.every(([name, select]) => choice[name] === select.value);
  }
  box.prepend(bar);
  update();
}

// ---------------------------------------------------------------- start

function listen() {
  const on = (id, act, event = "change") => $(id).addEventListener(event, act);
  on("curve", () => {
    const [set, curve] = JSON.parse($("curve").value);
    change({ set, curve, image: curve || state.image });
  });
  for (const name of ["metric", "rate"]) on(name, () => change({ [name]: $(name).value }, [drawChart]));
  for (const name of ["log", "db", "published"]) on(name, () => change({ [name]: $(name).checked }, [drawChart]));
  $("points").addEventListener("toggle", () => $("points").open && fillPoints());
  on("image", () => {
    const [set, image] = JSON.parse($("image").value);
    change({ set, image, curve: state.curve && image, zoom: 0, x: 0.5, y: 0.5 });
  });
  on("count", () => {
    const chosen = state.panes.slice(0, Number($("count").value));
    while (chosen.length < Number($("count").value)) chosen.push(DEFAULTS.panes[chosen.length] ?? state.panes[0]);
    change({ panes: chosen }, [drawPictures]);
  });
  on("mode", () => change({ mode: $("mode").value }, [drawPictures]));
  on("reference", () => change({ reference: Number($("reference").value) }, [drawPictures]));
  on("gain", () => change({ gain: Number($("gain").value) }, [place]));
  on("swipe", () => change({ swipe: Number($("swipe").value) }, [place]), "input");
  on("blink", () => change({ blink: $("blink").checked }, []));
  on("blink-once", swap, "click");
  on("matched", () => change({ matched: $("matched").checked }, [drawPictures]));
  on("match", () => Number($("match").value) > 0 && change({ match: Number($("match").value) }, [drawPictures]), "input");
  on("fit", () => zoomTo(0), "click");
  on("pixels", () => zoomTo(1 / devicePixelRatio), "click");
  on("in", () => zoomTo(currentZoom() * 1.5), "click");
  on("out", () => zoomTo(currentZoom() / 1.5), "click");
  for (const form of document.querySelectorAll("form")) form.addEventListener("submit", (event) => event.preventDefault());
  for (const anchor of document.querySelectorAll("nav a, .skip")) {
    anchor.addEventListener("click", (event) => {
      event.preventDefault();
      const section = $(anchor.hash.slice(1));
      section.scrollIntoView();
      section.focus({ preventScroll: true });
    });
  }
  dark.addEventListener("change", () => { drawLegend(); drawChart(); });
  addEventListener("hashchange", () => {
    if (!location.hash.includes("=")) return;
    readAddress();
    drawChart();
    drawPictures();
  });
  new ResizeObserver(place).observe(panes[0].view);
  setInterval(() => {
    if (state.mode === "flicker" && state.blink) swap();
  }, 700);
}

readAddress();
drawLegend();
makePanes();
$("published-label").hidden = !data.published.length;
drawPictures();
for (const table of document.querySelectorAll("table.sortable")) makeSortable(table);
for (const box of document.querySelectorAll(".chooser")) makeChooser(box);
listen();
addEventListener("DOMContentLoaded", () => {
  drawChart();
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
});
