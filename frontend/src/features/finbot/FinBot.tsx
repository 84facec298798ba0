// The chat beside every screen. It stays while one moves between screens, and is gone after a reload: nothing of it is kept here.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { aboutQuery, type About } from "@/api/assistant";
import { Icon } from "@/shared/ui/icons";
import { Shown } from "@/shared/ui/states";
import { Answer } from "./Answer";
import { Consent } from "./Consent";
import { useChat } from "./useChat";
import "./finbot.css";

const DECLINED = "fintwin.finbot.builtin";
const QUESTION_MAX = 2000;
const WHO: Record<About["provider"], string> = {
  builtin: "Built in: answers from your own figures by fixed rules, no language model.",
  gemini: "Gemini words the answers; the figures come from your own books.",
};

function wasDeclined(): boolean {
  try {
    return localStorage.getItem(DECLINED) !== null;
  } catch {
    return false;
  }
}

export default function FinBot({ open, onClose }: { open: boolean; onClose: () => void }) {
  const about = useQuery(aboutQuery);
  const chat = useChat();
  const input = useRef<HTMLTextAreaElement>(null);
  const [declined, setDeclined] = useState(wasDeclined);
  useEffect(() => {
    if (open) input.current?.focus();
  }, [open, about.isSuccess]);
  useEffect(() => {
    const escape = (event: KeyboardEvent) => {
      // A dialog above it takes the key first.
      if (event.key === "Escape" && document.querySelector("dialog[open]") === null) onClose();
    };
    if (open) document.addEventListener("keydown", escape);
    return () => document.removeEventListener("keydown", escape);
  }, [open, onClose]);
  const undecided = about.data?.gemini_available === true && about.data.agreed_at === null && !declined;
  return (
    <aside id="finbot" className="finbot" hidden={!open} aria-label="FinBot">
      <div className="finbot-head">
        <h2>FinBot</h2>
        {chat.turns.length > 0 && (
          <button type="button" className="button plain small" onClick={chat.anew}>
            New chat
          </button>
        )}
        <button type="button" className="button plain small icon" aria-label="Close FinBot" onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="finbot-body">
        <Shown query={about} lines={3}>
          {(told) =>
            undecided ? (
              <Consent
                declined={() => {
                  localStorage.setItem(DECLINED, "1");
                  setDeclined(true);
                }}
              />
            ) : (
              <Talk about={told} chat={chat} />
            )
          }
        </Shown>
      </div>
      {about.isSuccess && !undecided && <AskForm chat={chat} input={input} />}
    </aside>
  );
}

type Chat = ReturnType<typeof useChat>;

function Talk({ about, chat }: { about: About; chat: Chat }) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (chat.turns.length > 0) end.current?.scrollIntoView({ block: "end" });
  }, [chat.turns]);
  return (
    <>
      <div className="finbot-first">
        <p>{about.first_line}</p>
        <p className="small quiet">{WHO[about.provider]}</p>
      </div>
      {chat.turns.length === 0 && (
        <ul className="finbot-suggestions" aria-label="Questions to begin with">
          {about.suggestions.map((text) => (
            <li key={text}>
              <button type="button" className="finbot-suggestion" onClick={() => void chat.ask(text)}>
                {text}
              </button>
            </li>
          ))}
        </ul>
      )}
      <div role="log" aria-label="Conversation" className="finbot-log">
        {chat.turns.map((turn) => (
          <div key={turn.id} className="finbot-turn">
            <p className="finbot-asked">
              <span className="visually-hidden">You: </span>
              {turn.asked}
            </p>
            <Answer turn={turn} again={() => void chat.ask(turn.asked)} />
          </div>
        ))}
      </div>
      <div ref={end} />
    </>
  );
}

function AskForm({ chat, input }: { chat: Chat; input: React.RefObject<HTMLTextAreaElement | null> }) {
  const [typed, setTyped] = useState("");
  const send = () => {
    if (typed.trim() === "" || chat.busy) return;
    void chat.ask(typed.trim());
    setTyped("");
  };
  return (
    <form
      className="finbot-ask"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={input}
        className="input"
        aria-label="Ask FinBot"
        placeholder="Ask about your money"
        rows={2}
        maxLength={QUESTION_MAX}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          send();
        }}
      />
      {chat.busy ? (
        <button type="button" className="button" onClick={chat.stop}>
          Stop
        </button>
      ) : (
        <button type="submit" className="button primary" disabled={typed.trim() === ""}>
          Ask
        </button>
      )}
    </form>
  );
}
