// The same crop of an image from every codec, each at the quality that is nearest to the number that is matched.

import { $, element, source } from "./dom.js";
import { path, shown } from "./format.js";
import { placed } from "./geometry.js";
import { change, data, find, metrics, nearest, sets, state } from "./study.js";

const imageShown = () => sets.get(state.set).images.find((one) => one.id === state.image);

/** What the crops are matched by: the number and of what that is matched above, or the rate of the pane used last. */
function wanted() {
  if (state.matched) return [state.match, state.by];
  const rate = find(state.set, state.image, ...state.panes[state.active])?.get("bpp") ?? state.match;
  return [Number(rate.toPrecision(3)), "bpp"];
}

/** Draw the crops if their box is open: the original, then each codec; a crop that is selected goes to the pane used last. */
export function drawCrops() {
  if ($("crops").open !== state.crops) $("crops").open = state.crops;
  if (!state.crops) return;
  const [value, by] = wanted(), metric = metrics.get(by === "bpp" ? state.metric : by);
  const near = by === "bpp" ? `${value} bpp` : `${metric.label} ${value}`;
  $("crops-about").textContent = `Each codec at its quality nearest to ${near}; the crop moves and zooms with the images above. ` +
    `Select one to have it above, as image ${state.active + 1}.`;
  const original = crop("Original", path("original", state.set, `${state.image}.png`), [], "");
  $("crops").querySelector("ul").replaceChildren(element("li", {}, original), ...data.codecs.map((codec) => element("li", {}, cropOf(codec, value, by, metric))));
  placeCrops();
}

function cropOf(codec, value, by, metric) {
  const quality = nearest(state.set, state.image, codec.id, value, by), row = find(state.set, state.image, codec.id, quality);
  const there = Boolean(row) && row.get("decode_s") !== null;
  const numbers = row ? [`quality ${quality}`, `${shown(row.get("bpp"), 3)} bpp`, `${metric.label} ${shown(row.get(metric.id), 4)}`] : [];
  const file = there ? path("decoded", state.set, codec.id, quality, `${state.image}.png`) : null;
  const button = element("button", { type: "button" }, crop(codec.label, file, numbers, row?.reason || "no value"));
  button.addEventListener("click", () => change({ panes: state.panes.map((pane, i) => (i === state.active ? [codec.id, quality] : pane)) }));
  return button;
}

function crop(label, file, numbers, why) {
  const frame = element("span", { className: "window" });
  if (file === null) frame.append(element("span", { className: "empty", textContent: why }));
  else {
    const img = element("img", { draggable: false, loading: "lazy" });
    source(img, file, "");
    frame.append(img);
  }
  return element("span", { className: "crop" }, frame, element("strong", { textContent: label }), element("span", { className: "numbers", textContent: numbers.join(", ") }));
}

/** Put the crops where the images are, about the same centre: at the images' zoom, but no smaller than pixel by pixel. */
export function placeCrops() {
  const frame = $("crops").querySelector(".window");
  if (!state.crops || !frame) return;
  const view = { width: frame.clientWidth, height: frame.clientHeight }, zoom = Math.max(state.zoom, 1 / devicePixelRatio);
  const at = placed({ x: state.x, y: state.y, zoom }, imageShown(), view);
  for (const [name, value] of Object.entries(at)) $("crops").style.setProperty(`--${name}`, `${value}px`);
  $("crops").classList.toggle("pixelated", zoom * devicePixelRatio >= 2);
}
