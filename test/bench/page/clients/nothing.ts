// What the load and the measuring cost by themselves.
window.client = {
  settings: {},
  start: () => () => {},
}

export {}
