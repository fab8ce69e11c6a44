import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import { percent, usdPerThousand } from "../format.ts";
import type { TaskCandidate } from "./task-contract.ts";

const FIRST_ROWS = 10;

/** S1, S2, S3 and the posterior of every model, as dots on one line and as numbers. */
export function Scores({
  ranking,
  chosen,
}: {
  readonly ranking: readonly TaskCandidate[];
  readonly chosen: string;
}): ComponentChild {
  const [all, setAll] = useState(false);
  const shown = all ? ranking : ranking.slice(0, FIRST_ROWS);
  return h(
    "div",
    { class: "scores" },
    h("h3", { id: "scores-title" }, "Expected score by model"),
    h(
      "p",
      { class: "legend" },
      h("span", null, h("i", { class: "key key-s1" }), "S1, mean chance of being right"),
      h("span", null, h("i", { class: "key key-s2" }), "S2, share of likely right answers"),
      h("span", null, h("i", { class: "key key-s3" }), "S3, S2 as far as such verdicts hold"),
      h("span", null, h("i", { class: "key key-chosen" }), "posterior, with your labels"),
    ),
    h(
      "div",
      { class: "table-frame", role: "region", "aria-labelledby": "scores-title", tabIndex: 0 },
      h(
        "table",
        null,
        h(
          "thead",
          null,
          h(
            "tr",
            null,
            h("th", { scope: "col" }, "Model"),
            h("th", { scope: "col", class: "wide-only" }, h("span", { class: "visually-hidden" }, "Dots")),
            ["S1", "S2", "S3", "Posterior", "USD per 1,000"].map((text) =>
              h("th", { key: text, scope: "col", class: "number" }, text),
            ),
          ),
        ),
        h(
          "tbody",
          null,
          shown.map((candidate) =>
            h(ScoreRow, { key: candidate.model, candidate, isChosen: candidate.model === chosen }),
          ),
        ),
      ),
    ),
    ranking.length > FIRST_ROWS &&
      h(
        "button",
        { type: "button", class: "quiet", "aria-expanded": all, onClick: () => setAll(!all) },
        all ? `Only the first ${FIRST_ROWS}` : `All ${ranking.length}`,
      ),
  );
}

function ScoreRow({
  candidate,
  isChosen,
}: {
  readonly candidate: TaskCandidate;
  readonly isChosen: boolean;
}): ComponentChild {
  const { model, s1, s2, s3, posterior, expected_usd } = candidate;
  const dot = (kind: string, share: number | null) =>
    share !== null && h("i", { key: kind, class: `dot dot-${kind}`, style: { left: `${share * 100}%` } });
  return h(
    "tr",
    { class: isChosen ? "row-chosen" : "" },
    h("th", { scope: "row" }, model, isChosen && h("span", { class: "tag tag-chosen" }, "use this")),
    h(
      "td",
      { class: "dots-cell wide-only" },
      h(
        "div",
        { class: "dots", "aria-hidden": "true" },
        dot("s1", s1),
        dot("s2", s2),
        dot("s3", s3),
        dot("posterior", posterior),
      ),
    ),
    [s1, s2, s3, posterior].map((share, index) =>
      h("td", { key: index, class: "number" }, share === null ? "–" : percent(share)),
    ),
    h("td", { class: "number" }, expected_usd === undefined ? "–" : usdPerThousand(expected_usd)),
  );
}
