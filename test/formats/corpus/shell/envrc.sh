export DATABASE_URL='postgres://app:pw@localhost/app'
export LOG_LEVEL=debug
