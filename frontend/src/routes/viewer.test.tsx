import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';

import { openApp } from '@/testing/app';
import { memory } from '@/testing/server';

type User = ReturnType<typeof openApp>['user'];

async function rate(user: User, title: string, keys: string) {
  const [slider] = await screen.findAllByRole('slider', { name: `Your rating of ${title}` });
  slider?.focus();
  await user.keyboard(`${keys}{Enter}`);
}

async function asGuest(address: string) {
  const app = openApp(address);
  await app.user.click(await screen.findByRole('button', { name: 'Start as a guest' }));
  return app;
}

test('one click begins a guest session, and a rating changes the first row', async () => {
  const { user } = openApp('/');
  await user.click(await screen.findByRole('button', { name: 'Start rating as a guest' }));
  expect(await screen.findByRole('region', { name: 'Popular now' })).toBeVisible();

  await rate(user, 'Heat', '{End}');

  const forYou = await screen.findByRole('region', { name: 'For you' });
  expect(screen.getAllByRole('heading', { level: 2 })[0]).toHaveTextContent('For you');
  expect(within(forYou).getByRole('link', { name: 'Ronin' }).closest('article')).toHaveTextContent('because Heat');
  expect(within(forYou).getByRole('link', { name: 'Ronin' }).closest('article')).toHaveTextContent('predicted rating 4.2');
  expect(screen.queryByRole('link', { name: 'Heat' })).not.toBeInTheDocument();
  expect(screen.getByText('1 of 5 films rated.')).toBeVisible();
});

test('a rating can be undone', async () => {
  const { user } = await asGuest('/for-you');
  await rate(user, 'Alien', '{End}');
  await screen.findByRole('region', { name: 'For you' });
  await user.click(await screen.findByRole('button', { name: 'Undo' }));
  await waitFor(() => expect(screen.queryByRole('region', { name: 'For you' })).not.toBeInTheDocument());
  expect(memory.ratings).toEqual([]);
});

test('what is of no interest goes at once', async () => {
  const { user } = await asGuest('/for-you');
  await user.click(await screen.findByRole('button', { name: 'Not interested in Babe' }));
  await waitFor(() => expect(screen.queryByRole('link', { name: 'Babe' })).not.toBeInTheDocument());
  expect(memory.ratings[0]).toMatchObject({ rating: null, not_interested: true });
});

test('somebody unknown who rates and puts aside at once becomes one guest', async () => {
  openApp('/search?q=alien');
  const ribbon = await screen.findByRole('button', { name: 'Alien on my watchlist' });
  const stars = screen.getByRole('slider', { name: 'Your rating of Alien' });
  fireEvent.keyDown(stars, { key: 'Home' });
  fireEvent.keyDown(stars, { key: 'Enter' });
  fireEvent.click(ribbon);
  await waitFor(() => expect(memory.ratings).toHaveLength(1));
  await waitFor(() => expect(memory.watchlist).toHaveLength(1));
  expect(memory.guestsMade).toBe(1);
  await waitFor(() => expect(ribbon).toHaveAttribute('aria-pressed', 'true'));
});

test('signing up keeps the guest’s ratings', async () => {
  const { user, router } = openApp('/film/6');
  await rate(user, 'Heat', '{End}{ArrowLeft}');
  await waitFor(() => expect(memory.ratings).toHaveLength(1));
  await router.navigate({ to: '/sign-up' });
  expect(await screen.findByText('Your guest’s ratings of 1 film come along.')).toBeVisible();
  await user.type(screen.getByLabelText('Name'), 'ada');
  await user.type(screen.getByLabelText(/^Password/), 'a long enough one');
  await user.click(screen.getByRole('button', { name: 'Sign up' }));
  expect(await screen.findByRole('heading', { name: 'Tonight for ada' })).toBeVisible();
  await router.navigate({ to: '/ratings' });
  expect(await screen.findByRole('slider', { name: 'Your rating of Heat' })).toHaveAttribute('aria-valuenow', '4.5');
});

test('a name that is taken is said at the form', async () => {
  const { user } = openApp('/sign-up');
  await user.type(await screen.findByLabelText('Name'), 'taken');
  await user.type(screen.getByLabelText(/^Password/), 'a long enough one');
  await user.click(screen.getByRole('button', { name: 'Sign up' }));
  expect(await screen.findByRole('alert')).toHaveTextContent('this name is not available; choose another');
});

test('after signing out nothing of the viewer is shown', async () => {
  const { user } = await asGuest('/for-you');
  await rate(user, 'Heat', '{End}');
  await screen.findByRole('region', { name: 'For you' });
  await user.click(screen.getByRole('button', { name: 'Account: guest' }));
  await user.click(await screen.findByRole('menuitem', { name: 'End the guest session' }));
  expect(await screen.findByRole('button', { name: 'Start rating as a guest' })).toBeVisible();
});
