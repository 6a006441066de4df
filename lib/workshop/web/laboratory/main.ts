// The laboratory's own page: its address holds the choices.

import { Laboratory } from "./laboratory.ts";

new Laboratory(document.querySelector<HTMLElement>("#laboratory")!, {
  query: location.search,
  onChoose: (query) => history.replaceState(null, "", query),
});
