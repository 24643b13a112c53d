// The image on its canvas: one of the images, or how two of them differ; and the brush on it.

/** The pixels of an image file, a Blob. */
export async function pixels(file) {
  const image = await createImageBitmap(file);
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  image.close();
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** The file that a text in base64 stands for. */
export function unpacked(text) {
  return new Blob([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], { type: "image/png" });
}

/** |a − b| · gain of two images of one size; null for other sizes. */
export function difference(a, b, gain) {
  if (!a || !b || a.width !== b.width || a.height !== b.height) return null;
  const made = new ImageData(a.width, a.height);
  for (let index = 0; index < a.data.length; index += 1) {
    made.data[index] = index % 4 === 3 ? 255 : gain * Math.abs(a.data[index] - b.data[index]);
  }
  return made;
}

/** Put pixels on a canvas. */
export function draw(canvas, image) {
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Elements of a latent's axis that a drag from one share of the image to another touches: [from, to). */
export function span(start, end, count) {
  const [low, high] = [Math.min(start, end), Math.max(start, end)].map((share) => Math.min(Math.max(share, 0), 1));
  const from = Math.min(Math.floor(low * count), count - 1);
  return { from, to: Math.max(from + 1, Math.ceil(high * count)) };
}

/** Have drags on the view select: `selected(rows, columns)` hears the spans, null for a click. `grid` gives the counts. */
export function brush(view, canvas, grid, selected) {
  let start = null;
  const at = (pointer) => {
    const box = canvas.getBoundingClientRect();
    return { x: (pointer.clientX - box.left) / box.width, y: (pointer.clientY - box.top) / box.height, pointer };
  };
  const spans = (point) => [span(start.y, point.y, grid().rows), span(start.x, point.x, grid().columns)];
  const far = (point) => Math.hypot(point.pointer.clientX - start.pointer.clientX, point.pointer.clientY - start.pointer.clientY) > 4;
  view.onpointerdown = (pointer) => {
    if (pointer.button || !grid()) return;
    start = at(pointer);
    view.setPointerCapture(pointer.pointerId);
  };
  view.onpointermove = (pointer) => {
    const point = at(pointer);
    if (start && far(point)) selected(...spans(point), false);
  };
  view.onpointerup = (pointer) => {
    if (!start) return;
    const point = at(pointer);
    if (far(point)) selected(...spans(point), true);
    else selected(null, null, true);
    start = null;
  };
  view.onpointercancel = () => { start = null; };
}

/** Show the selected rows and columns as a frame over the canvas. */
export function frame(element, canvas, step, grid) {
  const whole = !step || !grid || (!step.rows && !step.columns);
  element.hidden = whole;
  if (whole) return;
  const rows = step.rows ?? { from: 0, to: grid.rows };
  const columns = step.columns ?? { from: 0, to: grid.columns };
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  Object.assign(element.style, {
    left: `${canvas.offsetLeft + columns.from / grid.columns * width}px`,
    top: `${canvas.offsetTop + rows.from / grid.rows * height}px`,
    width: `${(columns.to - columns.from) / grid.columns * width}px`,
    height: `${(rows.to - rows.from) / grid.rows * height}px`,
  });
}
