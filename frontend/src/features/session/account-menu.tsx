import * as Menu from '@radix-ui/react-dropdown-menu';
import { Link, useNavigate } from '@tanstack/react-router';

import { PersonIcon } from '@/components/icons';
import { useMe, useStartGuest } from '@/lib/me';

import { useSignOut } from './api';

const ITEM = 'block w-full rounded px-3 py-2 text-left text-sm outline-none data-highlighted:bg-raised';

/** Who is looking, and the ways to change that. */
export function AccountMenu() {
  const me = useMe();
  const navigate = useNavigate();
  const startGuest = useStartGuest(() => void navigate({ to: '/for-you' }));
  const signOut = useSignOut(() => void navigate({ to: '/' }));
  if (me === undefined) return <span className="skeleton h-10 w-24 rounded-full" aria-hidden="true" />;
  const anonymous = me.kind === 'anonymous';
  return (
    // Not modal: a modal menu stops the page from scrolling with a style element, which the content policy refuses.
    <Menu.Root modal={false}>
      <Menu.Trigger className="button px-3 sm:px-4" aria-label={anonymous ? 'Sign in or up' : `Account: ${me.name ?? 'guest'}`}>
        <PersonIcon />
        <span className="hidden max-w-32 truncate sm:inline">{anonymous ? 'Sign in' : (me.name ?? 'Guest')}</span>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content align="end" sideOffset={6} className="z-20 w-56 rounded-md border border-line bg-surface p-1.5 shadow-xl">
          {anonymous && (
            <Menu.Item className={ITEM} onSelect={() => startGuest.mutate(undefined)}>
              Start as a guest
            </Menu.Item>
          )}
          {me.kind !== 'user' && (
            <>
              <Menu.Item asChild>
                <Link to="/sign-in" className={ITEM}>
                  Sign in
                </Link>
              </Menu.Item>
              <Menu.Item asChild>
                <Link to="/sign-up" className={ITEM}>
                  {anonymous ? 'Sign up' : 'Sign up and keep your ratings'}
                </Link>
              </Menu.Item>
            </>
          )}
          {!anonymous && (
            <>
              <Menu.Item asChild>
                <Link to="/account" className={ITEM}>
                  Your data
                </Link>
              </Menu.Item>
              {me.is_admin && (
                <Menu.Item asChild>
                  <Link to="/accounts" className={ITEM}>
                    Accounts
                  </Link>
                </Menu.Item>
              )}
              <Menu.Item className={ITEM} onSelect={() => signOut.mutate(undefined)}>
                {me.kind === 'guest' ? 'End the guest session' : 'Sign out'}
              </Menu.Item>
            </>
          )}
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}
