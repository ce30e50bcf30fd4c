/** `1 suite`, `2 suites`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `12,345`: an integer with its thousands apart. `toLocaleString` reads data of languages for 10 ms first. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** @param share 0…1. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
