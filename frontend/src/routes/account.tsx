import { createRoute, useNavigate } from '@tanstack/react-router';

import { Page } from '@/components/page';
import { ChangePassword } from '@/features/session/change-password';
import { DeleteAccount } from '@/features/session/delete-account';
import { SignOutEverywhere } from '@/features/session/sign-out-everywhere';
import { ExportRatings } from '@/features/transfer/export-ratings';
import { ImportRatings } from '@/features/transfer/import-ratings';
import { useMe } from '@/lib/me';

import { rootRoute } from './root';
import { ViewersOnly } from './viewers-only';

export const accountRoute = createRoute({ getParentRoute: () => rootRoute, path: '/account', component: AccountPage });

function AccountPage() {
  const me = useMe();
  const navigate = useNavigate();
  return (
    <Page title="Your data">
      <h1 className="mb-8 text-6xl leading-none">Your data</h1>
      <ViewersOnly>
        <div className="grid max-w-3xl grid-cols-1 gap-12">
          <ImportRatings />
          <ExportRatings />
          {me?.kind === 'user' && (
            <>
              <ChangePassword />
              <SignOutEverywhere onDone={() => void navigate({ to: '/' })} />
            </>
          )}
          <DeleteAccount guest={me?.kind === 'guest'} onDone={() => void navigate({ to: '/' })} />
        </div>
      </ViewersOnly>
    </Page>
  );
}
