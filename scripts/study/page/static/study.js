// The study that the page holds, and its state: every change redraws from it and is kept in the address.

import { parsed, repaired, written } from "./address.js";
import { $ } from "./dom.js";
import { finder, lacking, nearestQuality, rows } from "./rows.js";

export const data = JSON.parse($("data").textContent);
export const codecs = new Map(data.codecs.map((codec) => [codec.id, codec]));
export const sets = new Map(data.sets.map((set) => [set.id, set]));
export const metrics = new Map(data.metrics.map((metric) => [metric.id, metric]));
export const cells = rows(data.rd);
export const means = rows(data.means);
export const find = finder(cells);

export const tags = [...new Set(data.sets.flatMap((set) => set.images.flatMap((image) => image.tags)))].sort();

/** The quality of a codec whose rate (or metric, by its id) on an image is nearest to a number. */
export function nearest(set, image, codec, wanted, by = "bpp") {
  return nearestQuality(codecs.get(codec).qualities, (quality) => find(set, image, codec, quality)?.get(by), wanted);
}

const firstSet = data.sets[0];
export const DEFAULTS = {
  set: firstSet.id, curve: "", metric: data.metrics[0].id, rate: "bpp", log: data.defaults.log, db: data.defaults.db,
  off: [], published: true, image: firstSet.images[0].id, panes: startingPanes(), active: 0,
  mode: "decoded", reference: 0, gain: 8, swipe: 50, blink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
  matched: false, by: "bpp", match: 0.5, tag: "", band: false, front: false, crops: false, zoom: 0, x: 0.5, y: 0.5, ...data.start,
};
export const state = { ...DEFAULTS };
const KNOWN = {
  sets: new Map(data.sets.map((set) => [set.id, set.images.map((image) => image.id)])),
  qualities: new Map(data.codecs.map((codec) => [codec.id, codec.qualities])),
  tags, metrics: [...metrics.keys()], modes: [...$("mode").options].map((option) => option.value), defaults: DEFAULTS,
};

function startingPanes() {
  const working = data.codecs.filter((codec) => cells.some((row) => row.codec === codec.id && row.get("bpp") !== null));
  const places = [...new Set([0, Math.floor(working.length / 2), working.length - 1])].filter((i) => working[i]);
  const image = firstSet.images[0].id;
  return places.map((i) => [working[i].id, nearest(firstSet.id, image, working[i].id, 0.5)]);
}

export function readAddress() {
  Object.assign(state, repaired(parsed(location.hash, DEFAULTS, codecs), KNOWN));
}

function writeAddress() {
  const text = written(state, DEFAULTS);
  if (text || location.hash.includes("=")) history.replaceState(null, "", text ? `#${text}` : "#");
}

/** What is redrawn after a change that names nothing else; the last module fills it. */
export const drawers = [];
let waiting, pending = 0, later = [];

/** Do something that draws, when the rows that the state needs are here: those of a large study come from files. */
export function whenLoaded(act) {
  const needed = lacking(data.rows, { ...state, whole: state.band || state.tag !== "" });
  for (const file of needed) load(file);
  if (pending) later.push(act);
  else act();
}

function load(file) {
  file.asked = true;
  pending++;
  const script = Object.assign(document.createElement("script"), { src: file.file });
  const end = (acts) => {
    script.remove();
    pending--;
    if (pending) return;
    later = [];
    for (const act of acts) act();
  };
  script.addEventListener("load", () => {
    for (const row of rows(window.studyRows[file.key])) cells.push(row);
    delete window.studyRows[file.key];
    end(later);
  });
  script.addEventListener("error", () => {
    file.asked = false;
    later = []; // what is drawn stays: without these rows a mean would be another one
    end(later);
    $("chart-note").textContent = `The file ${file.file} can't be read, which has the numbers of these images: it belongs beside the page.`;
  });
  document.head.append(script);
}

export function change(values, draw = drawers) {
  Object.assign(state, repaired({ ...state, ...values }, KNOWN));
  whenLoaded(() => { for (const one of draw) one(); });
  clearTimeout(waiting);
  waiting = setTimeout(writeAddress, 100);
}
