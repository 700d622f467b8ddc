import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A member of a broker's group by Kafka's Java consumer.
 * Arguments: file of events, name, "topics" or "pattern", which, "commits" or "commits-itself";
 * then its properties, key=value.
 */
public class ConsumerMember implements ConsumerRebalanceListener {
    private static final long END_WITHIN_S = 20;

    private final EventLog log;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final boolean commits;
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean stopping;

    public static void main(String[] arguments) throws Exception {
        EventLog log = new EventLog(arguments[0], arguments[1]);
        try {
            Properties properties = new Properties();
            for (int number = 5; number < arguments.length; number++) {
                String[] parts = arguments[number].split("=", 2);
                properties.put(parts[0], parts[1]);
            }
            new ConsumerMember(log, properties, arguments[4].equals("commits")).run(arguments);
        } catch (Throwable error) {
            log.error(error);
            throw error;
        }
    }

    private ConsumerMember(EventLog log, Properties properties, boolean commits) {
        this.log = log;
        this.commits = commits;
        consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private void run(String[] arguments) {
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop));
        if (arguments[2].equals("pattern")) {
            consumer.subscribe(Pattern.compile(arguments[3]), this);
        } else {
            consumer.subscribe(Arrays.asList(arguments[3].split(",")), this);
        }
        log.write("ready");
        try {
            while (!stopping) {
                poll();
            }
        } finally {
            log.write("stopping");
            consumer.close();
            log.write("stopped");
            ended.countDown();
        }
    }

    private void poll() {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(50))) {
            log.delivered(record.topic(), record.partition(), record.offset(), record.value());
        }
        commit();
    }

    /** Commit what is delivered: the positions, as all that was polled is delivered. */
    private void commit() {
        if (!commits) {
            return;
        }
        Map<TopicPartition, Long> held = new HashMap<>();
        consumer.assignment().forEach(p -> held.put(p, consumer.position(p)));
        try {
            consumer.commitSync();
        } catch (KafkaException error) {
            // In the middle of a rebalance it cannot be; when partitions go it is tried again.
            log.error(error);
            return;
        }
        held.forEach((p, offset) -> log.committed(p.topic(), p.partition(), offset));
    }

    private void stop() {
        stopping = true;
        try {
            ended.await(END_WITHIN_S, TimeUnit.SECONDS);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
        partitions.forEach(p -> log.partition("assigned", p.topic(), p.partition()));
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
        commit();
        partitions.forEach(p -> log.partition("revoked", p.topic(), p.partition()));
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
        partitions.forEach(p -> log.partition("lost", p.topic(), p.partition()));
    }
}
