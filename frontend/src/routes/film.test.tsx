import { screen, waitFor } from '@testing-library/react';
import { expect, test } from 'vitest';

import { openApp } from '@/testing/app';
import { ALIEN } from '@/testing/films';
import { memory } from '@/testing/server';

test('a film says what is known of it and what is like it', async () => {
  openApp('/film/6');
  expect(await screen.findByRole('heading', { level: 1, name: 'Heat' })).toBeVisible();
  expect(screen.getByText('1995 · 2 h 50 min · Action, Crime, Thriller')).toBeVisible();
  expect(screen.getByText('Michael Mann')).toBeVisible();
  expect(screen.getByText('Al Pacino, Robert De Niro')).toBeVisible();
  expect(await screen.findByRole('link', { name: 'Ronin' })).toHaveAttribute('href', '/film/2278');
});

test('whoever has rated something is told how they will like a film, until they say so themselves', async () => {
  const { user } = openApp('/film/6');
  expect(await screen.findByRole('heading', { level: 1, name: 'Heat' })).toBeVisible();
  expect(screen.queryByText(/likely to give/)).not.toBeInTheDocument();
  memory.ratings = [{ movie: ALIEN, rating: 4, not_interested: false, rated_at: '2026-01-01T00:00:00Z' }];
  await user.click(await screen.findByRole('link', { name: 'Ronin' }));
  expect(await screen.findByRole('heading', { level: 1, name: 'Ronin' })).toBeVisible();
  expect(screen.getByText(/likely to give/).parentElement).toHaveTextContent('3.4');
});

test('a rating changes at once what a film seen before is likely to get', async () => {
  const { user, router } = openApp('/film/6');
  await user.click(await screen.findByRole('link', { name: 'Ronin' }));
  expect(await screen.findByRole('heading', { level: 1, name: 'Ronin' })).toBeVisible();
  expect(screen.queryByText(/likely to give/)).not.toBeInTheDocument();
  router.history.back();
  expect(await screen.findByRole('heading', { level: 1, name: 'Heat' })).toBeVisible();
  const [slider] = screen.getAllByRole('slider', { name: 'Your rating of Heat' });
  slider?.focus();
  await user.keyboard('{End}{Enter}');
  await waitFor(() => expect(memory.ratings).toHaveLength(1));
  await user.click(screen.getByRole('link', { name: 'Ronin' }));
  expect(await screen.findByRole('heading', { level: 1, name: 'Ronin' })).toBeVisible();
  expect(await screen.findByText(/likely to give/)).toBeVisible();
});

test('an unknown film is said in one line', async () => {
  openApp('/film/4711');
  expect(await screen.findByRole('alert')).toHaveTextContent('unknown film: 4711');
});

test('an address that is no page leads back to the start', async () => {
  openApp('/nowhere');
  expect(await screen.findByRole('heading', { name: 'This reel is missing' })).toBeVisible();
});
