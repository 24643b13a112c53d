// What the page shows of numbers and channels: lines of the table, and a tile for each channel.

const COLUMNS = [["bpp", 4], ["bpp_y", 4], ["bpp_z", 4], ["psnr_rgb", 2], ["ms_ssim", 4]];

/** The lines of the table: the baseline's values, the edited image's, and the change; a dash where there is none. */
export function lines(baseline, edited) {
  const change = COLUMNS.map(([name, digits]) => {
    const [own, other] = [edited?.[name] ?? null, baseline?.[name] ?? null];
    return own === null || other === null ? "–" : signed(own - other, digits);
  });
  return [line("baseline", texts(baseline)), line("edited", texts(edited)), line("change", change)];
}

/** A number with its sign, `+0.12` or `−0.12`; 0 has none. */
export function signed(number, digits) {
  const text = Math.abs(number).toFixed(digits);
  return `${Number(text) === 0 ? "" : number < 0 ? "−" : "+"}${text}`;
}

/** A button for each channel of a latent, in an order; `chosen(channel, shift)` hears of clicks. */
export function channelTiles(latent, order, chosen) {
  const rows = Math.ceil(latent.channels / latent.tile_columns);
  const total = latent.bits?.reduce((sum, bits) => sum + bits, 0);
  return order.map((channel) => {
    const tile = made("button", { type: "button", className: "tile" });
    tile.dataset.channel = channel;
    const map = made("span", { className: "map" });
    const [column, row] = [channel % latent.tile_columns, Math.floor(channel / latent.tile_columns)];
    Object.assign(map.style, {
      aspectRatio: `${latent.columns} / ${latent.rows}`,
      backgroundImage: `url(data:image/png;base64,${latent.tiles})`,
      backgroundSize: `${latent.tile_columns * 100}% ${rows * 100}%`,
      backgroundPosition: `${column / (latent.tile_columns - 1) * 100}% ${rows > 1 ? row / (rows - 1) * 100 : 0}%`,
    });
    const share = latent.bits ? `${(100 * latent.bits[channel] / total).toFixed(1)} %` : latent.energy[channel].toPrecision(2);
    tile.append(map, made("span", { textContent: channel }), " ", made("span", { textContent: share }));
    tile.setAttribute("aria-label", `channel ${channel} ${share} ${latent.bits ? "of the bits" : "mean square"}`); // holds what is seen, in one piece
    tile.onclick = (click) => chosen(channel, click.shiftKey);
    return tile;
  });
}

function texts(values) {
  return COLUMNS.map(([name, digits]) => values?.[name]?.toFixed(digits) ?? "–");
}

function line(title, cells) {
  const row = made("tr", {});
  row.append(made("th", { scope: "row", textContent: title }), ...cells.map((textContent) => made("td", { textContent })));
  return row;
}

function made(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}
