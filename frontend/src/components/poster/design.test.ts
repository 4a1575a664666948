import { describe, expect, test } from 'vitest';

import { ALIEN, BABE, HEAT } from '@/testing/films';

import { design } from './design';
import { PALETTES } from './inks';
import { MOTIFS } from './motifs';

/** Relative luminance (WCAG 2.2). */
function luminance(hex: string): number {
  const linear = (at: number) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(1) + 0.7152 * linear(3) + 0.0722 * linear(5);
}

function contrast(one: string, other: string): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

test.each(Object.entries(PALETTES))('the title can be read in the inks of %s', (_, { ink, paper }) => {
  expect(contrast(ink, paper)).toBeGreaterThanOrEqual(4.5);
});

test('a film keeps its poster', () => {
  const [once, again] = [design(HEAT), design(HEAT)];
  expect(again.inks).toBe(once.inks);
  expect([again.random(), again.random()]).toEqual([once.random(), once.random()]);
});

test('its rarest genre draws it, and an unknown genre is no error', () => {
  expect(design(ALIEN)).toMatchObject({ genre: 'Horror', motif: MOTIFS.teeth });
  expect(design(BABE)).toMatchObject({ genre: 'Children', motif: MOTIFS.rainbow });
  expect(design({ ...HEAT, genres: ['Telenovela'] }).genre).toBeNull();
});

test('posters of one genre are not all printed in the same inks', () => {
  const inks = Array.from({ length: 40 }, (_, movie_id) => design({ ...ALIEN, movie_id }).inks);
  expect(new Set(inks).size).toBeGreaterThan(1);
});

describe('the title', () => {
  const LONG = 'Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb';

  test('is printed without what stands in brackets after it, unless it begins with them', () => {
    expect(design({ ...HEAT, title: 'Seven (a.k.a. Se7en)' }).title).toBe('Seven');
    expect(design({ ...HEAT, title: '(500) Days of Summer' }).title).toBe('(500) Days of Summer');
  });

  test('is smaller the longer it is', () => {
    const size = (title: string) => design({ ...HEAT, title }).titleSize;
    expect(size('Heat')).toBeGreaterThan(size('The Shawshank Redemption'));
    expect(size('The Shawshank Redemption')).toBeGreaterThan(size(LONG));
  });

  test.each(['Heat', 'The Shawshank Redemption', LONG, 'W', 'Koyaanisqatsi'])(
    '%s leaves the drawing a third of the poster',
    (title) => {
      expect(design({ ...HEAT, title }).paperTop).toBeGreaterThan(50);
    },
  );
});
