// The legend: every codec with its line and marker, by family; it chooses which curves are drawn.

import { colour, drawChart } from "./chart.js";
import { $, element } from "./dom.js";
import { grouped, toggled } from "./rows.js";
import { change, data, state } from "./study.js";

const MARKERS = {
  circle: "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z", square: "M-4-4H4V4H-4z", "triangle-up": "M0-5 5 4H-5z",
  "triangle-down": "M0 5 5-4H-5z", "triangle-left": "M-5 0 4-5V5z", "triangle-right": "M5 0-4-5V5z",
  diamond: "M0-5 5 0 0 5-5 0z", "diamond-tall": "M0-6 3.5 0 0 6-3.5 0z", cross: "M-1.7-5h3.4v3.3H5v3.4H1.7V5h-3.4V1.7H-5v-3.4h3.3z",
  x: "M-5-3-3-5 0-2 3-5 5-3 2 0 5 3 3 5 0 2-3 5-5 3-2 0z",
};

function drawing(codec) {
  const open = codec.symbol.endsWith("-open"), paint = colour(codec);
  return `<svg width="34" height="14" viewBox="-17 -7 34 14" aria-hidden="true"><path d="M-17 0H17" stroke="${paint}" stroke-width="2"
    stroke-dasharray="${codec.dash === "solid" ? "none" : codec.dash.replaceAll("px", "")}"/><path d="${MARKERS[codec.symbol.replace("-open", "")]}"
    fill="${open ? "var(--ground)" : paint}" stroke="${paint}" stroke-width="1.5"/></svg>`;
}

const toggle = (ids) => change({ off: toggled(state.off, ids) }, [drawChart]);

export function drawLegend() {
  $("codecs").replaceChildren(...[...grouped(data.codecs, "family")].map(([family, members]) => {
    const all = element("button", { type: "button", textContent: family, title: `Show or hide the family ${family}` });
    all.addEventListener("click", () => toggle(members.map((codec) => codec.id)));
    return element("fieldset", {}, element("legend", {}, all), ...members.map(entry));
  }));
}

function entry(codec) {
  const box = element("input", { type: "checkbox", value: codec.id, checked: !state.off.includes(codec.id) });
  box.addEventListener("change", () => toggle([codec.id]));
  const label = element("label", { className: "tick" }, box, " ");
  label.insertAdjacentHTML("beforeend", drawing(codec));
  label.append(codec.label);
  return label;
}
