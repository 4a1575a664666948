import { act, screen } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { afterEach, expect, test, vi } from 'vitest';

import { openApp } from '@/testing/app';
import { problem, server } from '@/testing/server';

afterEach(() => {
  vi.useRealTimers();
});

test('before the first release the page says so, and opens by itself', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  const closed = () => problem(503, 'no release is served yet');
  server.use(http.get('/api/ready', closed), http.get('/api/personas', closed));
  openApp('/');
  expect(await screen.findByRole('heading', { name: 'The first training is under way' })).toBeVisible();

  server.resetHandlers();
  await act(() => vi.advanceTimersByTimeAsync(5_000));
  expect(await screen.findByRole('link', { name: /1,700 ratings/ })).toBeVisible();
});

test('while it waits, the page shows how far each stage is', async () => {
  const closed = () => problem(503, 'no release is served yet');
  const stages = [
    { stage: 'bert4rec_training', state: 'running' },
    { stage: 'ingest', state: 'done' },
    { stage: 'a_stage_of_your_own', state: 'waiting' },
  ];
  server.use(http.get('/api/ready', closed), http.get('/api/progress', () => HttpResponse.json({ stages })));
  openApp('/');
  const shown = await screen.findAllByRole('listitem');
  expect(shown.map((item) => item.textContent)).toEqual([
    '✓Read the ratingsdone',
    '▸Train the BERT4Rec modelunder way',
    '·a_stage_of_your_ownwaiting',
  ]);
  expect(screen.getByText('1 of 3 stages done')).toBeVisible();
});
