// How values are said to people.

export function score(value, unit) {
  if (value === null || value === undefined) return "–";
  if (unit === "percent") return `${(value / 100).toFixed(2)}%`;
  return value.toLocaleString("en-US");
}

export const percent = (share) => `${Math.round(share * 100)}%`;

export function clock(time) {
  return time ? new Date(time).toLocaleTimeString([], { hour12: false }) : "–";
}

export function moment(time) {
  if (!time) return "–";
  const at = new Date(time);
  const today = at.toDateString() === new Date().toDateString();
  return today ? clock(time) : `${at.toLocaleDateString([], { day: "numeric", month: "short" })} ${clock(time)}`;
}

export function ago(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} days`;
}

export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export function bytes(count) {
  if (count < 1024) return `${count} B`;
  if (count < 1048576) return `${(count / 1024).toFixed(0)} KiB`;
  if (count < 1073741824) return `${(count / 1048576).toFixed(1)} MiB`;
  return `${(count / 1073741824).toFixed(1)} GiB`;
}

export function winner(match) {
  if (match.state !== "finished") return "";
  return { 0: "tie", 1: "player 1", 2: "player 2" }[match.winner] ?? "not told";
}
