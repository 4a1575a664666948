import { screen, waitFor } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { expect, test } from 'vitest';

import { openApp } from '@/testing/app';
import { server } from '@/testing/server';

test('a search from any page leads to what it found', async () => {
  const { user, router } = openApp('/film/6');
  await user.type(await screen.findByRole('searchbox'), 'solars{Enter}');
  expect(await screen.findByRole('link', { name: 'Solaris' })).toBeInTheDocument();
  expect(screen.getByText('matches the title')).toBeInTheDocument();
  expect(router.state.location).toMatchObject({ pathname: '/search', search: { q: 'solars' } });
});

test('on the search page, typing is enough', async () => {
  const { user } = openApp('/search');
  await user.type(await screen.findByRole('searchbox'), 'alien');
  expect(await screen.findByRole('link', { name: 'Alien' })).toBeInTheDocument();
});

test('mode, genre and whole years reach the server', async () => {
  const asked: string[] = [];
  server.use(
    http.get('/api/search', ({ request }) => {
      asked.push(new URL(request.url).search);
      return HttpResponse.json({ items: [] });
    }),
  );
  const { user } = openApp('/search?q=space');
  await user.click(await screen.findByRole('radio', { name: 'Meaning' }));
  await screen.findByRole('option', { name: 'Sci-Fi' });
  await user.selectOptions(screen.getByLabelText('Genre'), 'Sci-Fi');
  await user.type(screen.getByLabelText('From'), '1970');
  await waitFor(() => expect(asked.at(-1)).toMatch('q=space&mode=semantic&genre=Sci-Fi&year_from=1970'));
  expect(asked.filter((address) => address.includes('year_from'))).toHaveLength(1);
  expect(screen.getByText('Nothing found for “space”.')).toBeVisible();
});

test('an address with nonsense in it searches without the nonsense', async () => {
  openApp('/search?q=alien&mode=psychic&year_from=never');
  expect(await screen.findByRole('link', { name: 'Alien' })).toBeInTheDocument();
  expect(screen.getByRole('radio', { name: 'Both' })).toBeChecked();
});
