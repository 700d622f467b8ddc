"""ZooKeeper, through kazoo; nothing else imports that. Takes as long to import as all the rest."""
