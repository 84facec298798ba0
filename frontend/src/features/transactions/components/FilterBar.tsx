import { useState } from "react";
import type { Account, Transaction } from "@/api/queries";
import { amountOf, useFormat } from "@/shared/format";
import { Icon } from "@/shared/ui/icons";
import type { Filters } from "../api/list";

interface FilterBarProps {
  filters: Filters;
  accounts: Account[];
  onChange: (filters: Filters) => void;
}

const TYPES: readonly (readonly [Transaction["type"], string])[] = [
  ["deposit", "Deposits"],
  ["withdrawal", "Withdrawals"],
  ["transfer", "Transfers"],
];

export function FilterBar({ filters, accounts, onChange }: FilterBarProps) {
  const { locale } = useFormat();
  const [open, setOpen] = useState(false);
  const set = (name: keyof Filters, value: string) => {
    const rest = Object.fromEntries(Object.entries(filters).filter(([key]) => key !== name));
    onChange(value === "" ? rest : { ...rest, [name]: value });
  };
  const amount = (name: "min" | "max", typed: string) => set(name, amountOf(typed, locale) ?? "");
  return (
    <form className="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <div className="search-field">
        <Icon name="search" size={18} />
        <input
          className="input"
          type="search"
          placeholder="Search notes, names, categories"
          aria-label="Search notes, names, categories"
          value={filters.q ?? ""}
          onChange={(event) => set("q", event.target.value)}
        />
      </div>
      <select
        className="input"
        aria-label="Type"
        value={filters.type ?? ""}
        onChange={(event) => set("type", event.target.value)}
      >
        <option value="">All types</option>
        {TYPES.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
      {accounts.length > 1 && (
        <select
          className="input"
          aria-label="Account"
          value={filters.account ?? ""}
          onChange={(event) => set("account", event.target.value)}
        >
          <option value="">All accounts</option>
          {accounts.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </select>
      )}
      <button
        type="button"
        className="button small"
        aria-expanded={open}
        aria-controls="more-filters"
        onClick={() => setOpen(!open)}
      >
        {open ? "Fewer filters" : "More filters"}
      </button>
      <div id="more-filters" className="more-filters" hidden={!open}>
        <label className="inline">
          From
          <input
            className="input"
            type="date"
            value={filters.from ?? ""}
            onChange={(event) => set("from", event.target.value)}
          />
        </label>
        <label className="inline">
          To
          <input
            className="input"
            type="date"
            value={filters.to ?? ""}
            onChange={(event) => set("to", event.target.value)}
          />
        </label>
        <input
          className="input slim"
          inputMode="decimal"
          placeholder="Min"
          aria-label="At least"
          onBlur={(event) => amount("min", event.target.value)}
        />
        <input
          className="input slim"
          inputMode="decimal"
          placeholder="Max"
          aria-label="At most"
          onBlur={(event) => amount("max", event.target.value)}
        />
      </div>
    </form>
  );
}
