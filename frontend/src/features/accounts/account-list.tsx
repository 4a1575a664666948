import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { Loaded } from '@/components/loaded';
import { Pager } from '@/components/pager';

import { AccountItem } from './account-item';
import { accountsQuery } from './api';

/** Everybody with a name, for admins. */
export function AccountList() {
  const [page, setPage] = useState(1);
  const [name, setName] = useState('');
  const query = useQuery(accountsQuery(page, name));
  return (
    <>
      <label className="mb-5 grid w-fit gap-1 text-sm font-semibold">
        Part of the name
        <input
          type="search"
          className="field"
          maxLength={32}
          value={name}
          onChange={(event) => {
            setName(event.target.value);
            setPage(1);
          }}
        />
      </label>
      <Loaded query={query} skeleton={<div className="skeleton h-40 rounded-md" />}>
        {(data) =>
          data.total === 0 ? (
            <p className="text-muted">No account has such a name.</p>
          ) : (
            <>
              <ul aria-label="Accounts" className="divide-y divide-line border-y border-line">
                {data.items.map((account) => (
                  <AccountItem key={account.name} account={account} />
                ))}
              </ul>
              <Pager of={data} label="accounts" onPage={setPage} />
            </>
          )
        }
      </Loaded>
    </>
  );
}
