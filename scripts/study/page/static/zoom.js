// All images at the same place and size: one set of numbers for all views, changed by mouse, touch and keys.

import { placeCrops } from "./crops.js";
import { $ } from "./dom.js";
import { fitting, placed, within, zoomed } from "./geometry.js";
import { change, sets, state } from "./study.js";

const imageSize = () => sets.get(state.set).images.find((one) => one.id === state.image);
const style = () => $("viewer").style;

function viewSize() {
  const view = $("viewer").querySelector(".view");
  return { width: view.clientWidth, height: view.clientHeight };
}

/** Put all images where the state has them. */
export function placeImages() {
  const size = imageSize(), view = viewSize();
  if (!view.width) return;
  const fit = fitting(size, view), zoom = state.zoom || fit;
  const at = placed({ x: state.x, y: state.y, zoom }, size, view);
  for (const [name, value] of Object.entries(at)) style().setProperty(`--${name}`, `${value}px`);
  style().setProperty("--swipe", `${state.swipe}%`);
  $("viewer").classList.toggle("pixelated", zoom * devicePixelRatio >= 1);
  $("viewer").classList.toggle("zoomed", state.zoom > fit);
  placeCrops();
  $("zoom").textContent = `${Math.round(100 * zoom)} %`;
  for (const offset of document.querySelectorAll("feOffset")) offset.setAttribute("dx", -view.width);
  for (const part of $("absolute-error").querySelectorAll("[type=linear]")) part.setAttribute("slope", state.gain);
  const sum = $("signed-error").querySelector("feComposite");
  for (const [name, value] of [["k2", state.gain], ["k3", state.gain], ["k4", 0.5 - state.gain]]) sum.setAttribute(name, value);
}

/** Zoom to a scale (0: to fit), with a point of the view (from its corner; its centre by default) kept where it is. */
export function zoomTo(zoom, at) {
  const size = imageSize(), view = viewSize(), fit = fitting(size, view);
  const corner = ["--left", "--top"].map((name) => parseFloat(style().getPropertyValue(name)));
  const values = { now: state.zoom || fit, wanted: zoom, least: Math.min(fit, 1 / devicePixelRatio), corner, at: at ?? [view.width / 2, view.height / 2] };
  change(zoomed(values, size, view), [placeImages]);
}

function move(dx, dy) {
  const size = imageSize(), view = viewSize(), zoom = state.zoom || fitting(size, view);
  change(within(state.x - dx / zoom / size.width, state.y - dy / zoom / size.height, zoom, size, view), [placeImages]);
}

export function currentZoom() {
  return parseFloat(style().getPropertyValue("--width")) / imageSize().width;
}

export function listenToView(view) {
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

/** In flicker, show the other image. */
export function swap() {
  style().setProperty("--over", style().getPropertyValue("--over") === "hidden" ? "visible" : "hidden");
}
