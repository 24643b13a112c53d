// Small helpers for elements.

export const $ = (id) => document.getElementById(id);

/** An element with properties and children. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Give a select element options, [value, text] each, and a value; options that are there already stay. */
export function fill(select, options, value) {
  const key = JSON.stringify(options);
  if (select.dataset.key !== key) {
    select.replaceChildren(...options.map(([id, text]) => new Option(text, id)));
    select.dataset.key = key;
  }
  select.value = value;
}

/** Show a file in an img element, or nothing. */
export function source(img, file, alt) {
  if (file === null) img.removeAttribute("src");
  else if (img.getAttribute("src") !== file) img.src = file;
  img.alt = alt;
}
