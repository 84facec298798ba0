import type { Account } from "@/api/queries";
import { useFormat } from "@/shared/format";
import { CopyButton } from "@/shared/ui/CopyButton";

const KINDS: Record<Account["kind"], string> = {
  checking: "Checking",
  savings: "Savings",
  investment: "Investment",
  cash: "Cash",
  loan: "Loan",
};

export function Accounts({ accounts }: { accounts: Account[] }) {
  const format = useFormat();
  return (
    <>
      <div className="card-head">
        <h2>Accounts</h2>
      </div>
      <ul className="accounts">
        {accounts.map((one) => (
          <li key={one.id}>
            <div>
              <div className="account-name">
                {one.name} {one.status !== "open" && <span className="tag warn">{one.status}</span>}
              </div>
              <div className="quiet small">
                {KINDS[one.kind]}
                {one.annual_rate_percent !== null && `, ${format.number(one.annual_rate_percent)} % a year`}
              </div>
            </div>
            <div className="account-balance">{format.money(one.balance, one.currency)}</div>
            <code className="mono quiet">{one.id}</code>
            <CopyButton text={one.id} label="Copy id" />
          </li>
        ))}
      </ul>
    </>
  );
}
