import { fireEvent, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';

import { StarInput } from './star-input';

function rateHeat(value: number | null = null) {
  const onRate = vi.fn();
  render(<StarInput label="Heat" value={value} onRate={onRate} />);
  const slider = screen.getByRole('slider', { name: 'Your rating of Heat' });
  slider.getBoundingClientRect = () => ({ left: 0, width: 100 }) as DOMRect; // all that is read of it
  return { onRate, slider, user: userEvent.setup() };
}

test('arrow keys choose half stars and Enter rates', async () => {
  const { onRate, slider, user } = rateHeat();
  expect(slider).toHaveAttribute('aria-valuetext', 'Not rated');
  await user.tab();
  await user.keyboard('{End}{ArrowLeft}');
  expect(slider).toHaveAttribute('aria-valuetext', '4½ stars, press Enter to rate');
  expect(onRate).not.toHaveBeenCalled();
  await user.keyboard('{Enter}');
  expect(onRate).toHaveBeenCalledExactlyOnceWith(4.5);
});

test('leaving with the keyboard rates what was chosen', async () => {
  const { onRate, user } = rateHeat(3);
  await user.tab();
  await user.keyboard('{ArrowRight}');
  await user.tab();
  expect(onRate).toHaveBeenCalledExactlyOnceWith(3.5);
});

test('Escape takes the choice back', async () => {
  const { onRate, slider, user } = rateHeat(3);
  await user.tab();
  await user.keyboard('{ArrowRight}{Escape}');
  await user.tab();
  expect(slider).toHaveAttribute('aria-valuenow', '3');
  expect(onRate).not.toHaveBeenCalled();
});

test.each([
  [3, 0.5],
  [25, 1.5],
  [99, 5],
])('a click at %i of 100 gives %f stars', (clientX, stars) => {
  const { onRate, slider } = rateHeat();
  fireEvent.click(slider, { clientX });
  expect(onRate).toHaveBeenCalledExactlyOnceWith(stars);
});

test('a pointer passing by rates nothing', () => {
  const { onRate, slider } = rateHeat(2);
  fireEvent.pointerMove(slider, { clientX: 80 });
  fireEvent.pointerLeave(slider);
  expect(slider).toHaveAttribute('aria-valuenow', '2');
  expect(onRate).not.toHaveBeenCalled();
});
