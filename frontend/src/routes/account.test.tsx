import { screen } from '@testing-library/react';
import { expect, test } from 'vitest';

import { openApp } from '@/testing/app';
import { memory } from '@/testing/server';

test('a file is looked at before anything of it is kept', async () => {
  const { user } = openApp('/account');
  await user.click(await screen.findByRole('button', { name: 'Start as a guest' }));
  const file = new File(['Name,Rating\nHeat,4\n'], 'ratings.csv', { type: 'text/csv' });
  await user.upload(await screen.findByLabelText('Export file'), file);
  expect(await screen.findByText('1 film found here')).toBeVisible();
  expect(screen.getByText(/A Home Video/)).toHaveTextContent('Line 3: A Home Video (no such film here)');
  await user.click(screen.getByRole('button', { name: 'Keep this rating' }));
  expect(await screen.findByText('1 film rated.')).toBeVisible();
});

test('ratings can be taken away as a table or with everything else', async () => {
  const { user } = openApp('/account');
  await user.click(await screen.findByRole('button', { name: 'Start as a guest' }));
  expect(await screen.findByRole('link', { name: /CSV/ })).toHaveAttribute('href', '/api/me/export?format=csv');
  expect(screen.getByRole('link', { name: /JSON/ })).toHaveAttribute('href', '/api/me/export?format=json');
});

test('the password is changed by whoever knows it', async () => {
  memory.me = { kind: 'user', name: 'ada', is_admin: false };
  const { user } = openApp('/account');
  await user.click(await screen.findByText('Change the password'));
  await user.type(screen.getByLabelText('Password so far'), 'a wrong one');
  await user.type(screen.getByLabelText(/^New password/), 'a long enough one');
  await user.click(screen.getByRole('button', { name: 'Change' }));
  expect(await screen.findByText(/the password is wrong/)).toBeVisible();
  await user.clear(screen.getByLabelText('Password so far'));
  await user.type(screen.getByLabelText('Password so far'), 'the password so far');
  await user.click(screen.getByRole('button', { name: 'Change' }));
  expect(await screen.findByText('Your password is changed; other browsers are signed out.')).toBeVisible();
  expect(memory.password).toBe('a long enough one');
});

test('signing out everywhere leaves nobody', async () => {
  memory.me = { kind: 'user', name: 'ada', is_admin: false };
  const { user, router } = openApp('/account');
  await user.click(await screen.findByRole('button', { name: 'Sign out everywhere' }));
  expect(await screen.findByRole('button', { name: 'Sign in or up' })).toBeVisible();
  expect(router.state.location.pathname).toBe('/');
});

test('a guest is offered neither', async () => {
  memory.me = { kind: 'guest', name: null, is_admin: false };
  openApp('/account');
  expect(await screen.findByText('Leave for good')).toBeVisible();
  expect(screen.queryByText('Change the password')).not.toBeInTheDocument();
  expect(screen.queryByText('Sign out everywhere')).not.toBeInTheDocument();
});
