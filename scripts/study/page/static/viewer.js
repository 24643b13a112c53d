// The panes with the original and the decoded images: what each shows and tells.

import { MOST } from "./address.js";
import { drawCrops } from "./crops.js";
import { $, element, fill, source } from "./dom.js";
import { numbers, path } from "./format.js";
import { tagged } from "./statistics.js";
import { codecs, change, data, find, nearest, sets, state } from "./study.js";
import { listenToView, placeImages } from "./zoom.js";

const ERRORS = ["absolute", "signed"], ALONE = ["decoded", "flip"];  // modes that show two images at once, or one
export const panes = [];

export const image = () => sets.get(state.set).images.find((one) => one.id === state.image);
const originalFile = () => path("original", state.set, `${state.image}.png`);
const decodedFile = ([codec, quality]) => path("decoded", state.set, codec, quality, `${state.image}.png`);
const mapFile = ([codec, quality]) => path("error_maps", state.set, codec, quality, `${state.image}.png`);
const link = (href, text) => element("a", { href, textContent: text });

export function makePanes() {
  for (let i = 0; i <= MOST; i++) {
    const node = $("pane").content.cloneNode(true).firstElementChild, part = (name) => node.querySelector(name);
    const pane = { node, title: part("h3"), choose: part(".choose"), codec: part(".codec"), quality: part(".quality"), view: part(".view"),
      under: part(".under img"), over: part(".over img"), numbers: part(".numbers"), files: part(".links"), commands: part(".commands") };
    const set = (values) => change({ active: i - 1, panes: state.panes.map((old, k) => (k === i - 1 ? values(old) : old)) }, [drawImages]);
    pane.codec.addEventListener("change", () => set(() => [pane.codec.value, nearest(state.set, state.image, pane.codec.value, ...aim(i - 1))]));
    pane.quality.addEventListener("change", () => set(([codec]) => [codec, pane.quality.value]));
    if (i) node.addEventListener("focusin", () => { state.active = i - 1; drawCrops(); });
    node.classList.toggle("pair", i > 0);
    listenToView(pane.view);
    panes.push(pane);
    $("viewer").append(node);
  }
}

/** What another codec in a pane is to be near to: the number to match and of what, or the rate of the pane's image. */
function aim(i) {
  return state.matched ? [state.match, state.by] : [find(state.set, state.image, ...state.panes[i])?.get("bpp") ?? 0.5];
}

/** The rate, or a metric, of the image in the pane that was used last, with four digits. */
export function valueOf(by) {
  const value = find(state.set, state.image, ...state.panes[state.active])?.get(by) ?? null;
  return value === null || !Number.isFinite(value) ? state.match : Number(value.toPrecision(4));
}

export function drawImages() {
  const { width, height } = image();
  if (state.matched) state.panes = state.panes.map(([codec]) => [codec, nearest(state.set, state.image, codec, state.match, state.by)]);
  fillImageControls();
  $("viewer").style.setProperty("--aspect", `${width} / ${height}`);
  $("viewer").dataset.mode = state.mode;
  $("viewer").classList.toggle("narrow", state.panes.length === MOST);
  $("viewer").classList.toggle("error", ERRORS.includes(state.mode));
  const reference = state.reference ? decodedFile(state.panes[state.reference - 1]) : originalFile();
  panes.forEach((pane, i) => (i ? drawDecoded(pane, state.panes[i - 1], reference) : drawOriginal(pane, image())));
  drawCrops();
  placeImages();
}

function drawOriginal(pane, { width, height, credit }) {
  pane.title.textContent = "Original";
  pane.choose.textContent = `${width}×${height}`;
  source(pane.over, originalFile(), `${state.image}, the original`);
  source(pane.under, null, "");
  pane.view.setAttribute("aria-label", "Original. Plus and minus zoom, arrow keys move all images.");
  pane.numbers.textContent = credit;
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
  const decoded = Boolean(row) && row.get("decode_s") !== null, there = decoded && (state.mode !== "flip" || row.get("flip") !== null);
  pane.title.textContent = `${panes.indexOf(pane)}: ${codec.label}`;
  fill(pane.codec, data.codecs.map((one) => [one.id, one.label]), chosen[0]);
  fill(pane.quality, codec.qualities.map((quality) => [quality, quality]), chosen[1]);
  pane.quality.title = codec.parameter;
  pane.quality.disabled = state.matched;
  const [file, what] = state.mode === "flip" ? [mapFile, "FLIP's error map of "] : [decodedFile, ""];
  source(pane.over, there ? file(chosen) : null, `${what}${state.image} decoded from ${codec.label} at quality ${chosen[1]}`);
  source(pane.under, there && !ALONE.includes(state.mode) ? reference : null, "what it is compared with");
  pane.view.setAttribute("aria-label", `${codec.label} at quality ${chosen[1]}. Plus and minus zoom, arrow keys move all images.`);
  pane.view.querySelector(".empty")?.remove();
  if (!there) pane.view.append(element("p", { className: "empty", textContent: row?.reason || "no value" }));
  pane.numbers.replaceChildren(...(row ? numbers(row, data.metrics) : []).map(([name, text]) =>
    element("span", { textContent: `${name} ${text}`.trim() })));
  const bitstream = path("bitstreams", state.set, ...chosen, `${state.image}${codec.suffix}`);
  pane.files.replaceChildren(...(decoded ? [link(decodedFile(chosen), "PNG"), " · ", link(bitstream, `bitstream (${codec.suffix})`)] : []));
  pane.commands.hidden = !codec.commands[chosen[1]].length;
  pane.commands.querySelector("pre").textContent = codec.commands[chosen[1]].join("\n\n").replaceAll("{set}", image().part);
}

function fillImageControls() {
  const options = data.sets.flatMap((set) => tagged(set.images, state.tag).map((one) =>
    [JSON.stringify([set.id, one.id]), (data.sets.length > 1 ? `${set.id}: ` : "") + one.id]));
  fill($("image"), options, JSON.stringify([state.set, state.image]));
  fill($("reference"), [["0", "the original"], ...state.panes.map((_, i) => [String(i + 1), `image ${i + 1}`])], String(state.reference));
  fill($("by"), [["bpp", "rate (bpp)"], ...data.metrics.map((metric) => [metric.id, metric.label])], state.by);
  $("count").value = String(state.panes.length);
  for (const name of ["mode", "swipe", "match"]) $(name).value = state[name];
  $("gain").value = String(state.gain);
  for (const name of ["matched", "blink"]) $(name).checked = state[name];
  $("match").disabled = !state.matched;
  $("reference").parentElement.hidden = ALONE.includes(state.mode);
  if ($("flip-note")) $("flip-note").hidden = state.mode !== "flip";
  $("gain-label").hidden = !ERRORS.includes(state.mode);
  $("swipe-label").hidden = state.mode !== "swipe";
  for (const name of ["blink-label", "blink-once"]) $(name).hidden = state.mode !== "flicker";
}
