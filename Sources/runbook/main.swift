import RunbookCommands

await RunbookCommand.main()
