// Edits of latents: a gallery with numbers, channels by their bits, and the chosen one beside the image without it.

import { $, element, fill, source } from "./dom.js";
import { shown } from "./format.js";

const GAIN = 8;
const ABOUT = "Up: share of the bits. Down: what is lost without the channel. Heights are square roots, so that small shares are seen. " +
  "Arrow keys go from one channel to the next.";

/** A number of an edit with its change against the image without it: rates in percent, metrics in their unit. */
export function withChange(value, before, rate) {
  if (value === null || value === undefined) return "–";
  const text = shown(value, 4);
  if (!Number.isFinite(value) || !Number.isFinite(before)) return text;
  const change = rate ? (100 * (value - before)) / before : value - before;
  return `${text} (${signed(change)}${rate ? " %" : ""})`;
}

const signed = (change) => `${change < 0 ? "−" : "+"}${shown(Math.abs(change), 2)}`;

/** The channels [{channel, share, item, loss}] in an order: by `bits`, by `loss` of the first metric, or by `index`. */
export function ordered(channels, by) {
  const key = { bits: (one) => -one.share, loss: (one) => -one.loss, index: () => 0 }[by];
  return [...channels].sort((a, b) => key(a) - key(b) || a.channel - b.channel);
}

/** Fill the box of an experiment from its views. */
export function makeLaboratory(box, views, number) {
  let view = views[0], chosen = null;
  const parts = stage();
  const select = element("select"), order = element("select");
  const gallery = element("ul", { className: "gallery" });
  const atlas = element("fieldset", { className: "atlas" });
  fill(select, views.map((one, i) => [String(i), one.label]), "0");
  fill(order, [["bits", "bits"], ["loss", `loss of ${view.names[1] ?? "quality"}`], ["index", "index"]], "bits");

  const choose = (item) => {
    chosen = item;
    parts.show(view, item);
    for (const button of gallery.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.item === item));
    for (const radio of atlas.querySelectorAll("input")) radio.checked = radio.item === item;
  };
  const drawAtlas = () => {
    const channels = ordered(channelsOf(view), order.value);
    atlas.hidden = !channels.length;
    const most = Math.max(...channels.map((one) => one.share), 1e-9), worst = Math.max(...channels.map((one) => one.loss), 1e-9);
    const bars = channels.map((one) => {
      const radio = element("input", { type: "radio", name: `channel-${number}`, checked: one.item === chosen });
      radio.item = one.item;
      radio.addEventListener("change", () => choose(one.item));
      const tell = `channel ${one.channel}: ${shown(100 * one.share, 2)} % of the bits of y, ${view.names[1] ?? "loss"} ${signed(-one.loss)} without it`;
      const label = element("label", { className: "bar", title: tell }, radio, element("span", { className: "hidden", textContent: tell }));
      label.style.setProperty("--bits", Math.sqrt(one.share / most));
      label.style.setProperty("--loss", Math.sqrt(Math.max(0, one.loss) / worst));
      return label;
    });
    atlas.replaceChildren(element("legend", { textContent: "Channels of the latent" }),
      element("p", { className: "note", textContent: ABOUT }),
      element("label", {}, "Order by ", order), element("div", { className: "bars" }, ...bars));
  };
  const draw = () => {
    view = views[Number(select.value)];
    const plain = view.edits.filter((item) => item.channel === undefined);
    gallery.replaceChildren(...plain.map((item) => element("li", {}, card(view, item, choose))));
    gallery.hidden = !plain.length;
    drawAtlas();
    choose(plain.find((item) => item.image) ?? ordered(channelsOf(view), "bits")[0]?.item ?? view.edits[0]);
  };
  select.addEventListener("change", draw);
  order.addEventListener("change", drawAtlas);
  const bar = element("div", { className: "controls" }, element("label", {}, "Image and codec ", select));
  bar.hidden = views.length < 2;
  const about = `Under each edit: bits per pixel, ${view.about}; in brackets the change against the image without an edit.`;
  const choices = element("div", { className: "choices" }, atlas, gallery);
  box.replaceChildren(bar, element("p", { className: "note", textContent: about }), element("div", { className: "bench" }, parts.node, choices));
  draw();
}

/** The channels that have an edit of their own, with their share of the bits and what is lost by the edit. */
function channelsOf(view) {
  const shares = new Map(view.channels);
  return view.edits.filter((item) => item.channel !== undefined && item.image).map((item) => ({
    channel: item.channel, item, share: shares.get(item.channel) ?? 0, loss: (view.baseline.values[1] ?? 0) - (item.values[1] ?? 0),
  }));
}

const numbersOf = (view, item) => view.names.map((name, i) =>
  element("span", { textContent: `${name} ${withChange(item.values[i], view.baseline.values[i], i === 0)}` }));

function card(view, item, choose) {
  const button = element("button", { type: "button", className: "edit" });
  button.item = item;
  button.setAttribute("aria-pressed", "false");
  if (item.image) button.append(element("img", { src: item.image, alt: "", loading: "lazy" }));
  else button.append(element("span", { className: "empty", textContent: item.why }));
  button.append(element("strong", { textContent: item.label }), element("span", { className: "numbers" }, ...numbersOf(view, item)));
  button.addEventListener("click", () => choose(item));
  return button;
}

/** The place of the comparison: the image without the edit at the left of the border, the edited one at its right. */
function stage() {
  const before = element("img", { className: "before", draggable: false }), after = element("img", { className: "after", draggable: false });
  const frame = element("div", { className: "frame" }, before, after);
  const range = element("input", { type: "range", min: 0, max: 100, value: 50 });
  range.setAttribute("aria-label", "Border between the image without the edit (left) and the edited one (right)");
  const box = element("input", { type: "checkbox" });
  const title = element("p", { className: "stage-title" }), numbers = element("p", { className: "numbers" });
  title.setAttribute("aria-live", "polite");
  range.addEventListener("input", () => frame.style.setProperty("--border", `${range.value}%`));
  box.addEventListener("change", () => {
    frame.classList.toggle("difference", box.checked);
    range.disabled = box.checked;
  });
  frame.style.setProperty("--gain", GAIN);
  const node = element("figure", { className: "stage" }, title, frame,
    element("div", { className: "controls" }, element("label", {}, "no edit ", range, " edited"),
      element("label", { className: "tick" }, box, ` difference × ${GAIN}`)), numbers);
  const show = (view, item) => {
    title.textContent = `${view.label}: ${item.label}`;
    source(before, view.baseline.image || null, "decoded without the edit");
    source(after, item.image || null, `decoded with the edit ${item.label}`);
    numbers.replaceChildren(...(item.image ? numbersOf(view, item) : [item.why]));
  };
  return { node, show };
}

/** Fill the boxes of all experiments, if the page has any. */
export function makeLaboratories() {
  const boxes = document.querySelectorAll("[data-views]");
  if (!boxes.length) return;
  const all = JSON.parse($("latent-data").textContent);
  boxes.forEach((box, i) => makeLaboratory(box, all[Number(box.dataset.views)], i));
}
