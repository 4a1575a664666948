/** Numbers, dates and stars as people read them. */

const whole = new Intl.NumberFormat('en');
const day = new Intl.DateTimeFormat('en', { year: 'numeric', month: 'short', day: 'numeric' });
const minute = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

export const count = (value: number) => whole.format(value);

export const ratings = (value: number) => `${count(value)} ${value === 1 ? 'rating' : 'ratings'}`;

export const films = (value: number) => `${count(value)} ${value === 1 ? 'film' : 'films'}`;

/** 3.5 -> "3½". */
export function stars(value: number): string {
  const full = Math.floor(value);
  const half = value % 1 >= 0.5 ? '½' : '';
  return full === 0 && half ? half : `${full}${half}`;
}

export const starWords = (value: number) => `${stars(value)} ${value <= 1 ? 'star' : 'stars'}`;

export const average = (value: number) => value.toFixed(1);

export const date = (iso: string) => day.format(new Date(iso));

export const moment = (iso: string) => minute.format(new Date(iso));

/** 136 -> "2 h 16 min". */
export function runtime(minutes: number): string {
  const hours = Math.floor(minutes / 60);
  return [hours ? `${hours} h` : '', minutes % 60 ? `${minutes % 60} min` : ''].filter(Boolean).join(' ');
}
