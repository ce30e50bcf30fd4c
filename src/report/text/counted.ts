/** `1 suite`, `2 suites`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** @param share 0…1. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
