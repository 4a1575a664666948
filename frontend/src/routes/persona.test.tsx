import { screen, waitFor, within } from '@testing-library/react';
import { http } from 'msw';
import { expect, test } from 'vitest';

import { openApp } from '@/testing/app';
import { problem, server } from '@/testing/server';

test('a persona can be picked from the list', async () => {
  const { user } = openApp('/');
  await user.click(await screen.findByRole('link', { name: /1,700 ratings/ }));
  expect(await screen.findByRole('heading', { name: 'Persona 15' })).toBeVisible();
  expect(document.title).toBe('Persona 15 · Movie Genie');
});

test('history and recommendations stand side by side, each recommendation with its reason', async () => {
  openApp('/personas/15');
  const history = await screen.findByRole('region', { name: 'What they rated' });
  expect(await within(history).findByText('4½ stars')).toBeInTheDocument();
  const next = screen.getByRole('region', { name: 'What they would be shown next' });
  const ronin = (await within(next).findByRole('link', { name: 'Ronin' })).closest('article');
  expect(ronin).toHaveTextContent('because Heat');
});

test('a genre cuts the recommendations and stands in the address', async () => {
  const { user, router } = openApp('/personas/15');
  await screen.findByRole('link', { name: 'Ronin' });
  await user.selectOptions(screen.getByLabelText('Genre'), 'Sci-Fi');
  await waitFor(() => expect(screen.queryByRole('link', { name: 'Ronin' })).not.toBeInTheDocument());
  expect(screen.getByRole('link', { name: 'Alien' })).toBeInTheDocument();
  expect(router.state.location.search).toMatchObject({ genre: 'Sci-Fi' });
});

test('an unknown persona is said in one line', async () => {
  openApp('/personas/4711');
  const [alert] = await screen.findAllByRole('alert');
  expect(alert).toHaveTextContent('unknown persona: 4711');
});

test('a failed answer can be asked for again', async () => {
  const stumble = http.get('/api/personas/15/recommendations', () => problem(500, 'the engine stumbled'), { once: true });
  server.use(stumble);
  const { user } = openApp('/personas/15');
  expect(await screen.findByRole('alert')).toHaveTextContent('the engine stumbled');
  await user.click(screen.getByRole('button', { name: 'Try again' }));
  expect(await screen.findByRole('link', { name: 'Ronin' })).toBeInTheDocument();
  expect(screen.queryByRole('alert')).not.toBeInTheDocument();
});
