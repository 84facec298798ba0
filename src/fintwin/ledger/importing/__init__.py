"""Other people's files into the ledger, by the same door as everything else.

`mapping` says what the columns of a file mean, `reading` turns its lines into rows, `survey` looks through the whole file
before anything is written, `opening` finds or makes the owners and accounts, and `booking` books the rows in the order of the
file and holds every balance against the one the file tells.

    mapping = read_mapping(Path("czech-bank.toml").read_text())
    survey = survey_file(Path("transactions.csv"), mapping)
    report = await Importer(ledger, owners, mapping).run(Path("transactions.csv"), survey)
"""
