import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, test } from 'vitest';

import type { Account } from '@/lib/api-types';
import { openApp } from '@/testing/app';
import { memory } from '@/testing/server';

const account = (name: string, more: Partial<Account> = {}): Account => ({
  name,
  is_admin: false,
  locked: false,
  created_at: '2026-01-02T03:04:05Z',
  ratings_count: 7,
  ...more,
});

beforeEach(() => {
  memory.me = { kind: 'user', name: 'ada', is_admin: true };
  memory.accounts = [account('ada', { is_admin: true }), account('otto'), account('adam', { is_admin: true })];
});

const item = (name: string) => screen.findByRole('listitem', { name });

test('nobody but an admin is shown accounts', async () => {
  memory.me.is_admin = false;
  openApp('/accounts');
  expect(await screen.findByText('Only an admin sees this page.')).toBeVisible();
  expect(screen.queryByRole('list', { name: 'Accounts' })).not.toBeInTheDocument();
});

test('an admin finds the page in their menu', async () => {
  const { user } = openApp('/');
  await user.click(await screen.findByRole('button', { name: 'Account: ada' }));
  await user.click(await screen.findByRole('menuitem', { name: 'Accounts' }));
  expect(await item('otto')).toHaveTextContent('7 ratings');
});

test('an account is found by a part of its name, locked and unlocked', async () => {
  const { user } = openApp('/accounts');
  await item('ada');
  await user.type(screen.getByLabelText('Part of the name'), 'ott');
  await waitFor(() => expect(screen.queryByRole('listitem', { name: 'ada' })).not.toBeInTheDocument());
  await user.click(within(await item('otto')).getByRole('button', { name: 'Lock' }));
  await waitFor(() => expect(screen.getByRole('listitem', { name: 'otto' })).toHaveTextContent('locked'));
  expect(memory.accounts[1]?.locked).toBe(true);
  await user.click(within(await item('otto')).getByRole('button', { name: 'Unlock' }));
  await waitFor(() => expect(memory.accounts[1]?.locked).toBe(false));
});

test('an admin is revoked, but the last one is refused with the reason', async () => {
  const { user } = openApp('/accounts');
  await user.click(within(await item('adam')).getByRole('button', { name: 'Revoke admin' }));
  const adam = screen.getByRole('listitem', { name: 'adam' });
  await waitFor(() => expect(within(adam).queryByRole('button', { name: 'Revoke admin' })).not.toBeInTheDocument());
  expect(memory.accounts[2]?.is_admin).toBe(false);
  await user.click(within(await item('ada')).getByRole('button', { name: 'Revoke admin' }));
  expect(await screen.findByText(/this is the last admin/)).toBeVisible();
});

test('an account is deleted only when asked twice', async () => {
  const { user } = openApp('/accounts');
  await user.click(within(await item('otto')).getByRole('button', { name: 'Delete' }));
  expect(memory.accounts).toHaveLength(3);
  await user.click(within(await item('otto')).getByRole('button', { name: 'Delete for good' }));
  await waitFor(() => expect(screen.queryByRole('listitem', { name: 'otto' })).not.toBeInTheDocument());
  expect(memory.accounts.map(({ name }) => name)).toEqual(['ada', 'adam']);
});

test('a link that an admin makes lets its reader set a new password', async () => {
  const { user, router } = openApp('/accounts');
  await user.click(within(await item('otto')).getByRole('button', { name: 'Reset link' }));
  const link = await screen.findByLabelText(/^Give this to otto/);
  const address = new URL((link as HTMLInputElement).value);
  expect(address.search).toBe('');
  await router.navigate({ to: '/reset-password', hash: address.hash.slice(1) });
  await user.type(await screen.findByLabelText(/^New password/), 'a password of his');
  await user.click(screen.getByRole('button', { name: 'Set the password' }));
  expect(await screen.findByRole('heading', { name: 'Sign in' })).toBeVisible();
  expect(screen.getByText('Your new password is set.')).toBeVisible();
});

test('a link that is used up says so, and a page without one says whom to ask', async () => {
  const { user, router } = openApp('/reset-password#used');
  await user.type(await screen.findByLabelText(/^New password/), 'a password of mine');
  await user.click(screen.getByRole('button', { name: 'Set the password' }));
  expect(await screen.findByText(/ask for a new one/)).toBeVisible();
  await router.navigate({ to: '/reset-password' });
  expect(await screen.findByText(/Ask who runs this site/)).toBeVisible();
});
