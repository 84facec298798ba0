// The whole at a glance: what there is, where it came from, where it is going, and what deserves a look.
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { accountsQuery } from "@/api/queries";
import type { Kind } from "@/shared/booking/BookDialog";
import { Icon } from "@/shared/ui/icons";
import { Shown } from "@/shared/ui/states";
import { Accounts } from "./components/Accounts";
import { CashFlow } from "./components/CashFlow";
import { Health } from "./components/Health";
import { Latest } from "./components/Latest";
import { Outlook } from "./components/Outlook";
import { Persona } from "./components/Persona";
import { RiskCard } from "./components/RiskCard";
import { Wealth } from "./components/Wealth";
import "./dashboard.css";

const BookDialog = lazy(() => import("@/shared/booking/BookDialog").then((loaded) => ({ default: loaded.BookDialog })));

export default function DashboardPage() {
  const accounts = useQuery(accountsQuery);
  const [kind, setKind] = useState<Kind | null>(null);
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>{greeting()}</h1>
          <p>Everything below follows from your own events, as of this moment.</p>
        </div>
        <div className="row">
          <button type="button" className="button primary" onClick={() => setKind("deposit")}>
            <Icon name="plus" size={18} /> Deposit
          </button>
          <button type="button" className="button" onClick={() => setKind("transfer")}>
            <Icon name="swap" size={18} /> Transfer
          </button>
        </div>
      </div>
      <div className="grid">
        <div className="card span-8 stretch">
          <Shown query={accounts} lines={6}>
            {(list) => <Wealth accounts={list} />}
          </Shown>
        </div>
        <div className="card span-4 stretch">
          <Persona />
        </div>
        <div className="card span-5 stretch">
          <Shown query={accounts}>{(list) => <Accounts accounts={list} />}</Shown>
        </div>
        <div className="card span-7 stretch">
          <CashFlow deposit={() => setKind("deposit")} />
        </div>
        <div className="card span-7 stretch">
          <Latest deposit={() => setKind("deposit")} />
        </div>
        <div className="span-5 stack stretch dashboard-side">
          <div className="card">
            <Outlook />
          </div>
          <div className="card">
            <RiskCard />
          </div>
          <div className="card">
            <Health />
          </div>
        </div>
      </div>
      <Suspense>{kind !== null && <BookDialog kind={kind} onClose={() => setKind(null)} />}</Suspense>
    </div>
  );
}

function greeting(): string {
  const hour = new Date().getHours();
  return hour < 5 ? "Good night" : hour < 12 ? "Good morning" : hour < 18 ? "Good afternoon" : "Good evening";
}
