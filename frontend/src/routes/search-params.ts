/** What an address carries after its question mark may be anything; these keep what a page understands. */

export const text = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;

export function number(value: unknown, low: number, high: number): number | undefined {
  const given = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof given === 'number' && given >= low && given <= high ? given : undefined;
}
