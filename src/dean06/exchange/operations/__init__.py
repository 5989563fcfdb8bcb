"""Operations of the exchange: a record of each call, figures by member and service, open data, what looks unusual."""
