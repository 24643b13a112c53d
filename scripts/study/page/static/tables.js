// Tables that sort by a column, and tables of which one is shown.

import { element, fill } from "./dom.js";
import { order } from "./rows.js";

export function makeSortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = element("button", { type: "button" }, ...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
      const lines = [...table.tBodies[0].rows].map((row) => [key(row), row]);
      lines.sort(([a], [b]) => order(a, b, up));
      table.tBodies[0].append(...lines.map(([, row]) => row));
    });
  });
}

/** Of tables that differ by some choices, show the one that is chosen. */
export function makeChooser(box) {
  const tables = [...box.querySelectorAll("[data-choice]")].map((node) => [node, JSON.parse(node.dataset.choice)]);
  if (tables.length < 2) return;
  const bar = element("form", { className: "controls" }), selects = [];
  const update = () => {
    for (const [node, choice] of tables) node.hidden = !selects.every(([name, select]) => choice[name] === select.value);
  };
  for (const name of Object.keys(tables[0][1])) {
    const values = [...new Set(tables.map(([, choice]) => choice[name]))];
    if (values.length < 2) continue;
    const select = element("select");
    fill(select, values.map((value) => [value, value]), values[0]);
    bar.append(element("label", {}, `${name} `, select));
    selects.push([name, select]);
    select.addEventListener("change", update);
  }
  box.prepend(bar);
  update();
}
