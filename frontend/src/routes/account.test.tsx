import { screen } from '@testing-library/react';
import { expect, test } from 'vitest';

import { openApp } from '@/testing/app';

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
