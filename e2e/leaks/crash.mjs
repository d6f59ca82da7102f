// Preloaded by `--import`: on SIGUSR2 the process writes a diagnostic report and dies of an error that nobody catches.
process.on('SIGUSR2', () => {
  process.report.writeReport()
  throw new Error('a crash on request')
})
