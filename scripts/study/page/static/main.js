// Start of the page: listens to the controls and draws everything once.

import { dark, drawChart, fillPoints } from "./chart.js";
import { drawCrops } from "./crops.js";
import { $ } from "./dom.js";
import { makeLaboratories } from "./latents.js";
import { drawLegend } from "./legend.js";
import { tagged } from "./statistics.js";
import { DEFAULTS, change, data, drawers, find, nearest, readAddress, state, whenLoaded } from "./study.js";
import { makeChooser, makeSortable } from "./tables.js";
import { drawImages, makePanes, panes, valueOf } from "./viewer.js";
import { currentZoom, placeImages, swap, zoomTo } from "./zoom.js";

const on = (id, act, event = "change") => $(id).addEventListener(event, act);

function listenToCurves() {
  on("curve", () => {
    const [set, curve] = JSON.parse($("curve").value);
    change({ set, curve, image: curve || state.image });
  });
  for (const name of ["metric", "rate"]) on(name, () => change({ [name]: $(name).value }, [drawChart]));
  on("tag", () => chooseTag($("tag").value));
  for (const name of ["log", "db", "published", "band", "front"]) on(name, () => change({ [name]: $(name).checked }, [drawChart]));
  on("points", () => $("points").open && fillPoints(), "toggle");
  dark.addEventListener("change", () => { drawLegend(); drawChart(); });
}

/** Show images with a tag alone; where the shown one has it not, the first that has. */
function chooseTag(tag) {
  const having = data.sets.map((set) => [set.id, tagged(set.images, tag)]).filter(([, images]) => images.length);
  const [set, images] = having.find(([id]) => id === state.set) ?? having[0];
  const keeps = set === state.set && images.some((image) => image.id === state.image);
  change({ tag, set, image: keeps ? state.image : images[0].id, curve: state.curve && (keeps ? state.curve : images[0].id) });
}

/** A codec that no pane shows yet, at the rate of the first pane; the first pane's where all are shown. */
function another(shown) {
  const codec = data.codecs.find(({ id }) => !shown.some(([own]) => own === id))?.id ?? shown[0][0];
  return [codec, nearest(state.set, state.image, codec, find(state.set, state.image, ...shown[0])?.get("bpp") ?? state.match)];
}

function listenToImages() {
  on("image", () => {
    const [set, image] = JSON.parse($("image").value);
    change({ set, image, curve: state.curve && image, zoom: 0, x: 0.5, y: 0.5 });
  });
  on("count", () => {
    const count = Number($("count").value), chosen = state.panes.slice(0, count);
    while (chosen.length < count) chosen.push(DEFAULTS.panes[chosen.length] ?? another(chosen));
    change({ panes: chosen }, [drawImages]);
  });
  on("mode", () => change({ mode: $("mode").value }, [drawImages]));
  on("reference", () => change({ reference: Number($("reference").value) }, [drawImages]));
  on("gain", () => change({ gain: Number($("gain").value) }, [placeImages]));
  on("swipe", () => change({ swipe: Number($("swipe").value) }, [placeImages]), "input");
  on("blink", () => change({ blink: $("blink").checked }, []));
  on("blink-once", swap, "click");
  on("matched", () => change({ matched: $("matched").checked }, [drawImages]));
  on("by", () => change({ by: $("by").value, match: valueOf($("by").value), matched: true }, [drawImages]));
  on("match", () => $("match").value && change({ match: Number($("match").value) }, [drawImages]), "input");
  on("fit", () => zoomTo(0), "click");
  on("pixels", () => zoomTo(1 / devicePixelRatio), "click");
  on("in", () => zoomTo(currentZoom() * 1.5), "click");
  on("out", () => zoomTo(currentZoom() / 1.5), "click");
  on("crops", () => $("crops").open !== state.crops && change({ crops: $("crops").open }, [drawCrops]), "toggle");
  new ResizeObserver(placeImages).observe(panes[0].view);
  setInterval(() => {
    if (state.mode === "flicker" && state.blink) swap();
  }, 700);
}

function listenToPage() {
  for (const form of document.querySelectorAll("form")) form.addEventListener("submit", (event) => event.preventDefault());
  for (const anchor of document.querySelectorAll("nav a, .skip")) {
    anchor.addEventListener("click", (event) => {
      event.preventDefault();
      const section = $(anchor.hash.slice(1));
      section.scrollIntoView();
      section.focus({ preventScroll: true });
    });
  }
  for (const link of document.querySelectorAll("a.view-of")) link.addEventListener("click", () => $("images").scrollIntoView());
  addEventListener("hashchange", () => {
    if (!location.hash.includes("=")) return;
    readAddress();
    whenLoaded(() => { for (const one of drawers) one(); });
  });
}

drawers.push(drawChart, drawImages);
readAddress();
drawLegend();
makePanes();
$("published-label").hidden = !data.published.length;
whenLoaded(drawImages);
for (const table of document.querySelectorAll("table.sortable")) makeSortable(table);
for (const box of document.querySelectorAll(".chooser")) makeChooser(box);
makeLaboratories();
listenToCurves();
listenToImages();
listenToPage();
addEventListener("DOMContentLoaded", () => {
  whenLoaded(() => {
    drawChart();
    document.documentElement.dataset.ready = String(Math.round(performance.now()));
  });
});
