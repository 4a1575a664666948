import { expect, test } from 'vitest';

import { films, ratings, runtime, stars, starWords } from './format';

test.each([
  [0.5, '½', '½ star'],
  [1, '1', '1 star'],
  [3.5, '3½', '3½ stars'],
  [5, '5', '5 stars'],
])('%f stars read as people say them', (value, short, words) => {
  expect(stars(value)).toBe(short);
  expect(starWords(value)).toBe(words);
});

test.each([
  [136, '2 h 16 min'],
  [120, '2 h'],
  [45, '45 min'],
])('%i minutes are hours and minutes', (minutes, words) => expect(runtime(minutes)).toBe(words));

test('one is not many, and many are grouped', () => {
  expect(films(1)).toBe('1 film');
  expect(ratings(100_004)).toBe('100,004 ratings');
});
