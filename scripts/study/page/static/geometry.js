// Where images lie in their views. A size is {width, height}: an image's in pixels, a view's in CSS pixels.

/** The zoom (CSS pixels per pixel) at which a whole image fills its view. */
export const fitting = (image, view) => Math.min(view.width / image.width, view.height / image.height);

/** Where an image of a size begins in a room, its centre (a fraction) as near to the room's middle as it goes. */
export function start(centre, size, room) {
  return Math.round(size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, room / 2 - centre * size)));
}

/** The place of an image in its view: left, top, width, height. */
export function placed({ x, y, zoom }, image, view) {
  const [width, height] = [zoom * image.width, zoom * image.height];
  return { left: start(x, width, view.width), top: start(y, height, view.height), width, height };
}

/** The nearest centre at which the image fills the view. */
export function within(x, y, zoom, image, view) {
  const inside = (value, size, room) => (size <= room ? 0.5 : Math.min(1 - room / 2 / size, Math.max(room / 2 / size, value)));
  return { x: inside(x, zoom * image.width, view.width), y: inside(y, zoom * image.height, view.height) };
}

/**
 * Zoom and centre after zooming from `now`, with a point of the view (`at`, from its corner) kept where it is.
 *
 * `corner` is where the image begins, `wanted` the new zoom (0: to fit), `least` the smallest one. A zoom of 0 means
 * that the image fits, whatever the view's size becomes.
 */
export function zoomed({ now, wanted, least, corner, at }, image, view) {
  const fit = fitting(image, view), next = wanted ? Math.min(64, Math.max(least, wanted)) : fit;
  const x = ((at[0] - corner[0]) / now + (view.width / 2 - at[0]) / next) / image.width;
  const y = ((at[1] - corner[1]) / now + (view.height / 2 - at[1]) / next) / image.height;
  return { zoom: wanted && Math.abs(next / fit - 1) > 1e-3 ? next : 0, ...within(x, y, next, image, view) };
}
