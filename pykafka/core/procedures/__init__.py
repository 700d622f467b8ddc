"""Control procedures: generators that ask brokers and decide what the answers mean."""
