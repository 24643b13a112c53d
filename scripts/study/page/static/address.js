// The state of the page as an address: what differs from the default is kept behind the #.

export const MOST = 4; // decoded images beside the original

/** The state that an address tells, with the defaults where it tells nothing; codecs are those that exist. */
export function parsed(hash, defaults, codecs) {
  const state = { ...defaults }, text = hash.replace(/^#/, "");
  if (!text.includes("=")) return state;
  const given = new URLSearchParams(text);
  for (const [name, initial] of Object.entries(defaults)) {
    if (!given.has(name)) continue;
    const value = given.get(name);
    if (name === "panes") {
      const panes = value.split("~").map((pane) => pane.split("@")).filter(([codec]) => codecs.has(codec));
      if (panes.length) state.panes = panes.slice(0, MOST);
    } else if (name === "off") state.off = value.split("~").filter((codec) => codecs.has(codec));
    else if (typeof initial === "boolean") state[name] = value === "1";
    else if (typeof initial === "number") state[name] = Number.isFinite(Number(value)) ? Number(value) : initial;
    else state[name] = value;
  }
  return state;
}

/**
 * A state in which everything exists: what this study has not becomes the default.
 *
 * `known` has `sets` (the ids of the images by set), `qualities` (by codec), `metrics`, `modes`, `tags`, `defaults`.
 */
export function repaired(given, known) {
  const state = { ...given };
  if (!known.sets.has(state.set)) state.set = known.defaults.set;
  const images = known.sets.get(state.set);
  if (!images.includes(state.image)) state.image = images[0];
  if (state.curve && !images.includes(state.curve)) state.curve = "";
  if (!known.metrics.includes(state.metric)) state.metric = known.defaults.metric;
  if (!["bpp", "payload_bpp"].includes(state.rate)) state.rate = "bpp";
  if (!known.modes.includes(state.mode)) state.mode = "decoded";
  if (state.by !== "bpp" && !known.metrics.includes(state.by)) state.by = "bpp";
  if (!known.tags.includes(state.tag)) state.tag = "";
  state.panes = state.panes.map(([codec, quality]) => {
    const qualities = known.qualities.get(codec);
    return [codec, qualities.includes(quality) ? quality : qualities[0]];
  });
  state.active = Math.min(Math.max(0, state.active), state.panes.length - 1);
  if (!(state.reference >= 0 && state.reference <= state.panes.length)) state.reference = 0;
  return state;
}

/** The address of a state, without the #: empty if it is the default. */
export function written(state, defaults) {
  const kept = new URLSearchParams();
  for (const [name, initial] of Object.entries(defaults)) {
    let value = state[name], usual = initial;
    if (name === "panes") [value, usual] = [value, usual].map((panes) => panes.map((pane) => pane.join("@")).join("~"));
    else if (name === "off") [value, usual] = [value.join("~"), usual.join("~")];
    else if (typeof value === "boolean") [value, usual] = [Number(value), Number(usual)];
    else if (typeof value === "number") value = Number(value.toPrecision(6));
    if (value !== usual) kept.set(name, value);
  }
  return kept.toString();
}
