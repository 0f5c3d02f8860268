// The server's time. While the page is frozen, so is the time.

let offset = 0;
let frozen_at = null;

export const now = () => frozen_at ?? Date.now() + offset;

/// The server said that it is `iso` now. Less than two seconds apart is the way of the answer.
export function set_server_time(iso) {
  const apart = Date.parse(iso) - Date.now();
  if (!Number.isNaN(apart) && Math.abs(apart - offset) > 2000) offset = apart;
}

export function freeze(on) {
  frozen_at = on ? Date.now() + offset : null;
}
