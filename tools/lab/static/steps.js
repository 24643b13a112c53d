// Steps of an edit as the page holds them, and as a study writes them.

/** A new step: everything of y, with an operation and its parameters. */
export function step(operation, parameters) {
  return { site: "y", channels: [], rows: null, columns: null, invert: false, operation, parameters };
}

/** A step as a study writes it. */
export function written(own) {
  const select = {};
  if (own.channels.length) select.channels = own.channels;
  if (own.rows) select.rows = own.rows;
  if (own.columns) select.columns = own.columns;
  if (own.invert) select.invert = true;
  const chosen = Object.entries(own.parameters).filter(([, value]) => value !== null);
  const op = chosen.length ? { [own.operation]: Object.fromEntries(chosen) } : own.operation;
  return { ...(Object.keys(select).length ? { select } : {}), op, site: own.site };
}

/** A step in a few words: `scale 2: y, 3 channels, rows 0–8`. */
export function words(own) {
  const parameters = Object.values(own.parameters).filter((value) => value !== null && value !== "").join(" ");
  const parts = [own.site];
  if (own.channels.length) parts.push(own.channels.length === 1 ? `channel ${own.channels[0]}` : `${own.channels.length} channels`);
  for (const axis of ["rows", "columns"]) if (own[axis]) parts.push(`${axis} ${own[axis].from} to ${own[axis].to}`);
  return `${own.operation} ${parameters}`.trim() + `: ${own.invert ? "all but " : ""}${parts.join(", ")}`;
}

/** The channels after a click on one: it comes in or goes out; with Shift all from the one clicked before. */
export function clicked(channels, order, channel, before, shift) {
  if (shift && before !== null) {
    const [low, high] = [order.indexOf(before), order.indexOf(channel)].sort((a, b) => a - b);
    return [...new Set([...channels, ...order.slice(low, high + 1)])].sort((a, b) => a - b);
  }
  const others = channels.filter((other) => other !== channel);
  return others.length < channels.length ? others : [...channels, channel].sort((a, b) => a - b);
}

/** A step that fits another image's or codec's latents: what lies outside is left out. */
export function fitted(own, sites) {
  const grid = sites[own.site] ?? sites.y;
  const inside = (span, count) => (span && span.from < count ? { from: span.from, to: Math.min(span.to, count) } : null);
  return {
    ...own,
    site: sites[own.site] ? own.site : "y",
    channels: own.channels.filter((channel) => channel < grid.channels),
    rows: inside(own.rows, grid.rows),
    columns: inside(own.columns, grid.columns),
  };
}

/** States that can be undone and done again. */
export function history(first) {
  const states = [JSON.stringify(first)];
  let now = 0;
  return {
    keep(state) {
      const text = JSON.stringify(state);
      if (text === states[now]) return;
      states.splice(now + 1, Infinity, text);
      now += 1;
    },
    back() { now = Math.max(0, now - 1); return JSON.parse(states[now]); },
    forth() { now = Math.min(states.length - 1, now + 1); return JSON.parse(states[now]); },
    ends() { return { back: now > 0, forth: now < states.length - 1 }; },
  };
}
