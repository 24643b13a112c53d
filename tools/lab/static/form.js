// The form of a step's operation: a slider and a number, a list or a tick for each parameter.

const RANGES = {
  number: { min: -4, max: 4, step: 0.05 },
  positive: { min: 0.05, max: 16, step: 0.05 },
  whole: { min: -32, max: 32, step: 1 },
  index: { min: 0, max: 255, step: 1 },
};
const FIRST = { number: 0.5, positive: 1, whole: 0, index: 0, count: 1, flag: false };

/** What a parameter is before anyone chose: its default, or a value of its kind. */
export function first(parameter, names) {
  if (parameter.default !== null) return parameter.default;
  if (parameter.kind === "image") return names.images[0]?.image ?? "";
  if (parameter.kind === "set") return parameter.words.includes("null") ? null : names.sets[0];
  if (parameter.kind === "choice") return value(parameter.words.split(", ")[0]);
  return FIRST[parameter.kind];
}

/** The parameters of an operation before anyone chose; another image is one of the same size, if there is one. */
export function initial(operation, names, image) {
  const values = Object.fromEntries(operation.parameters.map((parameter) => [parameter.name, first(parameter, names)]));
  if (!operation.parameters.some(({ kind }) => kind === "image")) return values;
  const fits = ({ width, height }) => width === image.width && height === image.height;
  const other = names.images.find((own) => own !== image && fits(own)) ?? image;
  return { ...values, image: other.image, set: other.set };
}

/** A text as the number that it writes, or as itself. */
export function value(text) {
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** The controls of an operation's parameters; `changed(name, value, done)` hears of each change. */
export function controls(operation, values, names, changed) {
  return operation.parameters.filter((parameter) => !taken(operation, parameter)).map((parameter) => {
    const row = document.createElement("div");
    row.className = "parameter";
    const label = document.createElement("label");
    label.textContent = parameter.name;
    label.htmlFor = `parameter-${parameter.name}`;
    row.append(label, ...elements(operation, parameter, values, names, changed));
    return row;
  });
}

/** Whether a parameter is chosen with another one: a set with its image. */
function taken(operation, parameter) {
  return parameter.name === "set" && operation.parameters.some((other) => other.kind === "image");
}

function elements(operation, parameter, values, names, changed) {
  const own = values[parameter.name];
  const id = `parameter-${parameter.name}`;
  if (parameter.kind === "flag") {
    const tick = Object.assign(document.createElement("input"), { type: "checkbox", id, checked: own });
    tick.onchange = () => changed({ [parameter.name]: tick.checked }, true);
    return [tick];
  }
  if (["choice", "set", "image"].includes(parameter.kind)) return [list(parameter, id, values, names, changed)];
  const range = parameter.kind === "count" ? { min: 1, max: names.channels, step: 1 } : RANGES[parameter.kind];
  const slider = Object.assign(document.createElement("input"), { type: "range", ...range, value: own });
  slider.setAttribute("aria-label", `${parameter.name}, slider`);
  const exact = Object.assign(document.createElement("input"), { type: "number", id, value: own, step: "any" });
  slider.oninput = () => { exact.value = slider.value; changed({ [parameter.name]: Number(slider.value) }, false); };
  slider.onchange = () => changed({ [parameter.name]: Number(slider.value) }, true);
  exact.onchange = () => {
    slider.value = exact.value;
    changed({ [parameter.name]: value(exact.value) }, true);
  };
  return [slider, exact];
}

function list(parameter, id, values, names, changed) {
  const select = Object.assign(document.createElement("select"), { id, className: "wide" });
  if (parameter.kind === "image") {
    for (const { set, image, width, height } of names.images) {
      select.add(new Option(`${image} (${width}×${height})`, `${set}/${image}`));
    }
    select.value = `${values.set}/${values[parameter.name]}`;
    select.onchange = () => {
      const [set, image] = select.value.split("/");
      changed({ [parameter.name]: image, set }, true);
    };
    return select;
  }
  const choices = parameter.kind === "set" ? names.sets : parameter.words.split(", ");
  for (const choice of choices) select.add(new Option(choice, choice));
  select.value = values[parameter.name];
  select.onchange = () => changed({ [parameter.name]: value(select.value) }, true);
  return select;
}
