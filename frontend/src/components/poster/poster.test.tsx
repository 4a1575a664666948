import { act, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { ALIEN, HEAT } from '@/testing/films';

import { Poster } from './poster';
import { AGAIN } from './use-picture';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const alien = { ...ALIEN, poster_url: '/api/posters/1214' };
const picture = () => screen.queryByRole('presentation');
const wait = (milliseconds: number) => {
  act(() => {
    vi.advanceTimersByTime(milliseconds);
  });
};
const fails = () => fireEvent.error(screen.getByRole('presentation'));

test('a poster that the server is yet to fetch is asked for again, and a printed one stands in for it', () => {
  render(<Poster movie={alien} />);
  fails();
  expect(picture()).toBeNull();
  expect(screen.getByText('1979')).toBeInTheDocument();
  wait(2000);
  expect(picture()).toHaveAttribute('src', '/api/posters/1214');
});

test('a poster that never comes is given up', () => {
  render(<Poster movie={alien} />);
  for (let tries = 0; tries <= AGAIN.length; tries++) {
    fails();
    wait(100_000);
  }
  expect(picture()).toBeNull();
  expect(vi.getTimerCount()).toBe(0);
});

test('the poster of another film is asked for at once', () => {
  const { rerender } = render(<Poster movie={alien} />);
  fails();
  rerender(<Poster movie={{ ...HEAT, poster_url: '/api/posters/6' }} />);
  expect(picture()).toHaveAttribute('src', '/api/posters/6');
});
