import { createRoute } from '@tanstack/react-router';

import { Page } from '@/components/page';
import { AccountList } from '@/features/accounts/account-list';
import { useMe } from '@/lib/me';

import { rootRoute } from './root';

export const accountsRoute = createRoute({ getParentRoute: () => rootRoute, path: '/accounts', component: AccountsPage });

function AccountsPage() {
  const me = useMe();
  return (
    <Page title="Accounts">
      <h1 className="mb-8 text-6xl leading-none">Accounts</h1>
      {me?.is_admin === true && <AccountList />}
      {me?.is_admin === false && <p className="text-muted">Only an admin sees this page.</p>}
    </Page>
  );
}
